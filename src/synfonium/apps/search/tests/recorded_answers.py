"""Answers of other engines, written by hand in their documented form: no line of them was ever
received from one. The sources are named in each file of `service/federation/engines/`."""

ANSWERS: dict[str, str] = {
    "wikipedia": """{"batchcomplete": true, "continue": {"gsroffset": 10, "continue": "gsroffset||"},
      "query": {"pages": [
        {"pageid": 2, "ns": 0, "title": "Hôtel de ville", "index": 2, "extract": "Un hôtel de ville est…",
         "contentmodel": "wikitext", "pagelanguage": "fr", "lastrevid": 1, "length": 100,
         "fullurl": "https://fr.wikipedia.org/wiki/H%C3%B4tel_de_ville",
         "canonicalurl": "https://fr.wikipedia.org/wiki/H%C3%B4tel_de_ville"},
        {"pageid": 1, "ns": 0, "title": "Mairie", "index": 1, "extract": "La mairie est le lieu…",
         "fullurl": "https://fr.wikipedia.org/wiki/Mairie"}]}}""",
    "searxng": """{"query": "mairie", "number_of_results": 2, "results": [
        {"url": "https://ville.example/mairie", "title": "La mairie &amp; ses horaires",
         "content": "Ouverte de <b>9 h</b> à 17 h.", "engine": "wikipedia", "template": "default.html",
         "parsed_url": ["https", "ville.example", "/mairie", "", "", ""], "engines": ["wikipedia"],
         "positions": [1], "score": 1.0, "category": "general", "publishedDate": null},
        {"url": "https://autre.example/", "title": "Autre", "content": null, "engine": "x",
         "score": 0.5, "category": "general"}],
      "answers": [], "corrections": [], "infoboxes": [], "suggestions": [],
      "unresponsive_engines": [["bing", "timeout"]]}""",
    "mwmbl": """[{"url": "https://ville.example/", "source": "mwmbl",
        "title": [{"value": "La ", "is_bold": false}, {"value": "mairie", "is_bold": true}],
        "extract": [{"value": "Bienvenue à la ", "is_bold": false},
                    {"value": "mairie", "is_bold": true}]}]""",
    "marginalia": """{"license": "CC-BY-NC-SA 4.0", "query": "mairie", "page": 1, "pages": 3, "results": [
        {"url": "https://vieux.example/mairie.html", "title": "Ma mairie", "description": "Une page.",
         "quality": 4.5, "format": "HTML5", "details": [[]], "resultsFromDomain": 1}]}""",
    "staan": """{"web": {"results": [
        {"title": "Mairie", "url": "https://ville.example/", "snippet": "Le site de la mairie.",
         "hostname": "ville.example", "display_url": "ville.example", "published_date": null}]}}""",
    "nominatim": """[{"place_id": 1, "licence": "Data © OpenStreetMap contributors, ODbL 1.0.",
        "osm_type": "way", "osm_id": 42, "lat": "48.85", "lon": "2.35", "category": "amenity",
        "type": "townhall", "place_rank": 30, "importance": 0.4, "addresstype": "amenity",
        "name": "Mairie", "display_name": "Mairie, Place de l’Église, Val-Joli, France",
        "boundingbox": ["48.8", "48.9", "2.3", "2.4"]}]""",
}
