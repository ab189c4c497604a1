"""Where a request comes from, as tries are counted: whoever has an IPv6 line has a whole /64."""

from __future__ import annotations

from ipaddress import IPv4Address, ip_address, ip_network


def place_of(address: str) -> str:
    """Give the network of an address: itself for IPv4, its /64 for IPv6.

    What is no address, such as the path of a socket, is its own place.
    """
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, IPv4Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ip_network((int(found), 64), strict=False))
