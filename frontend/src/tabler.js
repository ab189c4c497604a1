// The moving parts of Bootstrap that the pages use. Their own scripts find them as `bootstrap`;
// each starts by itself from data-bs-* attributes.
import Collapse from "@tabler/core/js/src/bootstrap/collapse";
import Dropdown from "@tabler/core/js/src/bootstrap/dropdown";
import Modal from "@tabler/core/js/src/bootstrap/modal";
import Offcanvas from "@tabler/core/js/src/bootstrap/offcanvas";
import Tab from "@tabler/core/js/src/bootstrap/tab";
import Toast from "@tabler/core/js/src/bootstrap/toast";
import Tooltip from "@tabler/core/js/src/bootstrap/tooltip";

window.bootstrap = { Collapse, Dropdown, Modal, Offcanvas, Tab, Toast, Tooltip };
