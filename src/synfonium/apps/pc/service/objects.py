"""What PC answers the fabric about its objects: a person's computers."""

from synfonium.apps.fabric.contract import DESKTOP, Children, Crumb, Object, ObjectsAsk
from synfonium.apps.pc import contract
from synfonium.apps.pc.errors import NoSuchMachine
from synfonium.apps.pc.model.machine import Machine
from synfonium.apps.pc.service.broker import Broker
from synfonium.common.ids import PersonId


class PcObjects:
    """`fabric.contract.Objects` for the addresses `pc:…`."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker

    async def describe(self, ask: ObjectsAsk) -> Object | None:
        """None for what is not there, or is not the person's."""
        if ask.address == contract.ALL:
            return _all(ask.person)
        try:
            machine = await self._broker.one(contract.machine_of(ask.address))
        except NoSuchMachine:
            return None
        return _object(machine) if machine.owner == ask.person else None

    async def children(self, ask: ObjectsAsk) -> Children | None:
        """The person's PCs; there is nothing inside one of them."""
        if ask.address not in ("", contract.ALL):
            return None
        found = [machine for machine in await self._broker.list(ask.person) if ask.query in machine.name]
        return Children(
            parent=_all(ask.person),
            crumbs=(Crumb(address=contract.ALL, title="PC"),),
            items=tuple(_object(machine) for machine in found),
        )


def _all(person: PersonId) -> Object:
    return Object(
        address=contract.ALL,
        interfaces=(),
        owner=person,
        title="PC",
        path=(contract.ALL,),
        page="/pc",
    )


def _object(machine: Machine) -> Object:
    address = contract.address_of(machine.id)
    return Object(
        address=address,
        interfaces=(DESKTOP,),
        owner=PersonId(machine.owner),
        title=machine.name,
        revision=machine.state,
        modified_s=machine.started_s,
        path=(address, contract.ALL),
        may=frozenset({"read", "use"}),
        page="/pc",
    )
