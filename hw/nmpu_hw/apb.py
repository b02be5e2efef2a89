"""The APB4 port (AMBA APB, ARM IHI 0024: PSTRB and PSLVERR present, no wait states)."""

from amaranth.lib.wiring import In, Out, Signature

DATA_BITS = 32


def apb_signature(address_bits: int) -> Signature:
    """APB4 as the requester sees it."""
    return Signature(
        {
            "psel": Out(1),
            "penable": Out(1),
            "pwrite": Out(1),
            "paddr": Out(address_bits),
            "pwdata": Out(DATA_BITS),
            "pstrb": Out(DATA_BITS // 8),
            "pprot": Out(3),
            "pready": In(1),
            "prdata": In(DATA_BITS),
            "pslverr": In(1),
        }
    )
