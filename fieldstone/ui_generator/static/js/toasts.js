// Toasts go after eight seconds, but not while they are pointed at or focused.
const PATIENCE_MS = 8000;

function watch(toast) {
  let timer;
  const start = () => { timer = setTimeout(() => toast.remove(), PATIENCE_MS); };
  const stop = () => clearTimeout(timer);
  toast.addEventListener("pointerenter", stop);
  toast.addEventListener("pointerleave", start);
  toast.addEventListener("focusin", stop);
  toast.addEventListener("focusout", start);
  toast.querySelector("[data-close]")?.addEventListener("click", () => toast.remove());
  start();
}

document.querySelectorAll(".fs-toast").forEach(watch);
