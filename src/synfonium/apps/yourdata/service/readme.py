"""What stands in each archive, so that it can be read without us."""

README = """This archive holds everything that a Synfonium installation knew of one person.

synfonium.json        whose it is, where and when it was made (version 1 of this format)
apps/drive/files/     your files, as they were
apps/drive/trash/     what was in the trash
apps/drive/versions/  other versions of your files
apps/APP/TABLE.jsonl  everything else: one JSON object a line, UTF-8
schemas/              what each of those lines means (JSON Schema 2020-12)

Names are made so that every system can hold them: apps/drive/content.jsonl says which file
is which, and drive_node.jsonl how each was really called. Numbers that end in _s are seconds
since 1970, UTC. Binary values are base64.

What opens a door is not in here: no password, no passkey's key, no token. In another
installation, `synfonium import FILE.zip` takes all of this in again. Whom you were together
with is in apps/identity/identity_member.jsonl to be read; nobody becomes a member by that.

Check that nothing was damaged:   unzip -t FILE.zip
"""

LISEZMOI = """Cette archive contient tout ce qu’une installation de Synfonium savait d’une personne.

synfonium.json        de qui, d’où et de quand elle est (version 1 de ce format)
apps/drive/files/     vos fichiers, tels qu’ils étaient
apps/drive/trash/     ce qui était dans la corbeille
apps/drive/versions/  d’autres versions de vos fichiers
apps/APP/TABLE.jsonl  tout le reste : un objet JSON par ligne, en UTF-8
schemas/              ce que chacune de ces lignes veut dire (JSON Schema 2020-12)

Les noms sont faits pour que tout système puisse les porter : apps/drive/content.jsonl dit
quel fichier est lequel, et drive_node.jsonl comment chacun s’appelait vraiment. Les nombres
qui finissent par _s sont des secondes depuis 1970, UTC. Les valeurs binaires sont en base64.

Ce qui ouvre une porte n’y est pas : ni mot de passe, ni clé d’accès, ni jeton. Dans une autre
installation, `synfonium import FICHIER.zip` reprend tout ceci. Avec qui vous étiez se lit dans
apps/identity/identity_member.jsonl ; personne ne devient membre par là.

Vérifier que rien n’est abîmé :   unzip -t FICHIER.zip
"""
