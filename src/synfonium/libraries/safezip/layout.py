"""The records of a ZIP file (PKWARE APPNOTE 6.3.10), those that we write and read."""

import struct
import time

LOCAL, CENTRAL, END = b"PK\3\4", b"PK\1\2", b"PK\5\6"
END64, LOCATOR64 = b"PK\6\6", b"PK\6\7"
LOCAL_HEAD = struct.Struct("<4s5H3L2H")
CENTRAL_HEAD = struct.Struct("<4s6H3L5H2L")
END_HEAD = struct.Struct("<4s4H2LH")
END64_HEAD = struct.Struct("<4sQ2H2L4Q")
LOCATOR_HEAD = struct.Struct("<4sLQL")
STORED, DEFLATED = 0, 8
UTF8_FLAG = 0x0800
BIG16, BIG32 = 0xFFFF, 0xFFFFFFFF
EXTRA64 = 1
VERSION, VERSION64 = 20, 45
MADE_BY_UNIX = 3 << 8
REGULAR_0600 = 0o100600 << 16
CRC_OFFSET = 14
"""Where a local header holds the CRC-32."""


def dos_time(time_s: float) -> tuple[int, int]:
    """Time and date fields, UTC; before 1980 and after 2107 the nearest that can be said."""
    t = time.gmtime(min(max(time_s, 315_532_800.0), 4_354_819_198.0))
    return (t.tm_hour << 11) | (t.tm_min << 5) | (t.tm_sec // 2), (
        (t.tm_year - 1980) << 9
    ) | t.tm_mon << 5 | t.tm_mday
