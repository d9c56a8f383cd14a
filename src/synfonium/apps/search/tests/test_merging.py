"""Our results and those of others in one list."""

from synfonium.apps.search.service.federation.engine import FederatedHit
from synfonium.apps.search.service.federation.merging import merge
from synfonium.apps.search.service.federation.words import Outside, Told
from synfonium.ports.index import IndexHit


def own(url: str, title: str) -> IndexHit:
    return IndexHit(
        key=url, title=title, snippet="", lang="fr", host=url.split("/")[2], score=1.0, time_s=0.0
    )


def told(name: str, *urls: str, title: str = "Mairie de Val-Joli") -> Told:
    hits = tuple(FederatedHit(url=url, title=title) for url in urls)
    return Told(name=name, title=name.title(), credit=name, terms="", outcome="answered", hits=hits)


def test_a_page_that_several_know_stands_once_with_all_who_found_it() -> None:
    outside = Outside(
        told=(told("mwmbl", "http://www.ville.example/mairie"), told("staan", "https://ville.example/mairie"))
    )
    [one] = merge("mairie", [own("https://ville.example/mairie/", "Mairie")], outside)
    assert one.own
    assert one.sources == ("", "mwmbl", "staan")
    assert one.titles == ("Mwmbl", "Staan")


def test_our_own_comes_first_where_it_is_as_good() -> None:
    outside = Outside(told=(told("mwmbl", "https://b.example/"),))
    merged = merge("mairie val-joli", [own("https://a.example/", "Mairie de Val-Joli")], outside)
    assert [one.url for one in merged] == ["https://a.example/", "https://b.example/"]
    assert merged[1].sources == ("mwmbl",)


def test_what_shows_the_words_comes_before_what_does_not() -> None:
    outside = Outside(told=(told("mwmbl", "https://b.example/"),))
    merged = merge("mairie val-joli", [own("https://a.example/", "Something else")], outside)
    assert [one.url for one in merged] == ["https://b.example/", "https://a.example/"]


def test_our_own_results_keep_their_order_and_none_is_lost() -> None:
    ours = [own(f"https://a{n}.example/", "Mairie" if n % 2 else "Other") for n in range(10)]
    outside = Outside(told=(told("mwmbl", *(f"https://b{n}.example/" for n in range(20))),))
    merged = merge("mairie", ours, outside)
    assert [one.own for one in merged if one.own] == ours
    assert sum(one.own is None for one in merged) == 10


def test_others_bring_no_third_result_of_a_host() -> None:
    ours = [own("https://ville.example/1", "Mairie")]
    outside = Outside(told=(told("mwmbl", *(f"https://ville.example/{n}" for n in range(2, 9))),))
    assert len(merge("mairie", ours, outside)) == 2


def test_without_others_nothing_changes() -> None:
    ours = [own(f"https://a.example/{n}", "x") for n in range(3)]
    assert [one.own for one in merge("mairie", ours, Outside())] == ours
