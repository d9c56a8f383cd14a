"""Pages of found documents with at most so many of one host each."""

from collections.abc import Hashable, Sequence


def page_numbers(hosts: Sequence[Hashable], *, size: int, most: int) -> list[int]:
    """For documents in their order, each given by its host: the page (from 0) that it stands on.

    Each goes to the first page that has room for it and for its host. So what comes later
    moves nothing that came before: more documents leave the pages of the first as they are.
    """
    filled: dict[int, int] = {}
    taken: dict[Hashable, tuple[int, int]] = {}
    first_open = 0
    numbers = []
    for host in hosts:
        page, there = taken.get(host, (0, 0))
        if page < first_open:
            page, there = first_open, 0
        while there >= most or filled.get(page, 0) >= size:
            page, there = page + 1, 0
        filled[page] = filled.get(page, 0) + 1
        taken[host] = (page, there + 1)
        while filled.get(first_open, 0) >= size:
            first_open += 1
        numbers.append(page)
    return numbers
