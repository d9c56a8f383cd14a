"""Pushes what waits: at least once, whatever ends this process, and never twice at a time."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress

import msgspec
from sqlalchemy import Connection

from synfonium.apps.notifications.config import NotificationsConfig
from synfonium.apps.notifications.model.device import Device, Subscription, origin_of
from synfonium.apps.notifications.service.devices import purpose
from synfonium.apps.notifications.service.messages import Message, digest, of_item, test
from synfonium.apps.notifications.service.speaking import Speaker
from synfonium.apps.notifications.service.vapid import VapidKey
from synfonium.apps.notifications.store import items, pushes
from synfonium.apps.notifications.store.pushes import Waiting
from synfonium.common.ids import PersonId
from synfonium.common.problem import Problem
from synfonium.kernel import logs
from synfonium.kernel.context import Context
from synfonium.libraries.network.client import Answer, GuardedClient, RequestFailed
from synfonium.libraries.webpush import BrowserKeys, encrypt, from_base64url

log = logs.get("notifications")
AT_ONCE, DEVICES, OF_DEVICE = 8, 64, 100
LOOK_EVERY_S, REST_S = 60.0, 0.05
FIRST_WAIT_S, LONGEST_WAIT_S = 15.0, 3600.0
LARGEST_ANSWER_BYTES = 16 * 1024
TTL_S = 86_400
PADDED_TO = 512
GONE = (404, 410)


class Pusher:
    """A row of the queue is removed after the push service has taken its message: a kill in
    between sends it once more, under the same Topic and tag, which show as one."""

    def __init__(self, context: Context, vapid: VapidKey, speaker: Speaker) -> None:
        config = context.config
        is_local = isinstance(config, NotificationsConfig) and config.local_push
        self._context, self._vapid, self._speaker = context, vapid, speaker
        self._client = GuardedClient("Synfonium", is_local_allowed=is_local)
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """Something may wait."""
        self._woken.set()

    async def close(self) -> None:
        await self._client.close()

    async def for_ever(self) -> None:
        while True:
            self._woken.clear()
            wait_s = LOOK_EVERY_S
            try:
                wait_s = REST_S if await self.round() else await self._until_next()
            except Problem as problem:
                log.warning("notifications.pushes_wait", code=problem.code)
            except Exception as failure:
                log.error("notifications.pushing_failed", failure)
            with suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await self._woken.wait()

    async def round(self) -> bool:
        """Tries each device that has something due, once; whether there was any."""
        now_s = self._context.clock.now_s()
        devices = await self._context.database.read(lambda c: pushes.due_devices(c, now_s, DEVICES))
        gate = asyncio.Semaphore(AT_ONCE)

        async def one(device: str) -> None:
            async with gate:
                await self._serve(device, now_s)

        await asyncio.gather(*(one(device) for device in devices))
        return bool(devices)

    async def _until_next(self) -> float:
        now_s = self._context.clock.now_s()
        next_s = await self._context.database.read(lambda c: pushes.next_s(c, now_s))
        return LOOK_EVERY_S if next_s is None else min(max(next_s - now_s, REST_S), LOOK_EVERY_S)

    async def _serve(self, id_: str, now_s: float) -> None:
        database = self._context.database
        device = await database.read(lambda c: pushes.one(c, id_))
        rows = await database.read(lambda c: pushes.due(c, id_, now_s, OF_DEVICE))
        if device is None:
            return
        held = [row for row in rows if row.is_held]
        groups = [[row] for row in rows if not row.is_held or len(held) == 1]
        for group in ([held] if len(held) > 1 else []) + groups:
            if not await self._send(device, group):
                return

    async def _send(self, device: Device, rows: Sequence[Waiting]) -> bool:
        """Whether the device may be given more now."""
        message = await self._message(device, rows)
        if message is None:  # what it was about is gone
            await self._done(device, rows, failed=False)
            return True
        try:
            answer = await self._post(device, message)
        except RequestFailed as failure:
            if failure.reason != "address":
                return await self._later(device, 0.0)
            log.info("notifications.push_refused", reason="address")
            return await self._done(device, rows, failed=True)
        if answer.status in GONE:
            await self._context.database.write(lambda c: pushes.remove(c, device.id))
            return False
        if 200 <= answer.status < 300:
            return await self._done(device, rows, failed=False, told=True)
        if answer.status == 429 or answer.status >= 500:
            return await self._later(device, _retry_after_s(answer))
        log.info("notifications.push_refused", status=answer.status)
        return await self._done(device, rows, failed=True)

    async def _message(self, device: Device, rows: Sequence[Waiting]) -> Message | None:
        if rows[0].item == pushes.TEST:
            return test(self._speaker, device)
        if len(rows) > 1:
            return digest(self._speaker, device, len(rows))
        person = PersonId(device.person)
        item = await self._context.database.read(lambda c: items.one(c, person, rows[0].item))
        if item is None:
            return None
        await self._speaker.learn([item.app])
        return of_item(self._speaker, device, item)

    async def _post(self, device: Device, message: Message) -> Answer:
        """RFC 8030, section 5. Raises RequestFailed."""
        opened = self._context.secrets.open(device.sealed, purpose=purpose(device.person))
        subscription = msgspec.json.decode(opened, type=Subscription)
        keys = BrowserKeys(from_base64url(subscription.p256dh), from_base64url(subscription.auth))
        vapid = await self._vapid.get()
        origin = origin_of(subscription.endpoint)
        headers = {
            "authorization": vapid.authorization(origin, self._context.clock.now_s()),
            "content-encoding": "aes128gcm",
            "content-type": "application/octet-stream",
            "ttl": str(TTL_S),
            "urgency": message.urgency,
            "topic": message.topic,
        }
        body = encrypt(message.payload, keys, padded_to=PADDED_TO)
        return await self._client.request(
            "POST", subscription.endpoint, headers=headers, body=body, largest_bytes=LARGEST_ANSWER_BYTES
        )

    async def _done(
        self, device: Device, rows: Sequence[Waiting], *, failed: bool, told: bool = False
    ) -> bool:
        """Nothing more is tried for these rows."""
        now_s, ids = self._context.clock.now_s(), [row.id for row in rows]
        values: dict[str, float] = {}
        if told:
            values = {"failures": 0, "succeeded_s": now_s, "alive_s": now_s}
        elif failed:
            values = {"failures": device.failures + 1}

        def work(connection: Connection) -> None:
            pushes.sent(connection, ids)
            if values:
                pushes.change(connection, device.id, **values)

        await self._context.database.write(work)
        return not failed

    async def _later(self, device: Device, wait_s: float) -> bool:
        """The device is left alone for a while, longer each time."""
        wait_s = max(wait_s, FIRST_WAIT_S * 2 ** min(device.failures, 12))
        waits_s = self._context.clock.now_s() + min(wait_s, LONGEST_WAIT_S)
        values = {"failures": device.failures + 1, "waits_s": waits_s}
        await self._context.database.write(lambda c: pushes.change(c, device.id, **values))
        return False


def _retry_after_s(answer: Answer) -> float:
    """Seconds, or 0: a date, or what cannot be read, leaves it to us."""
    text = answer.headers.get("retry-after", "").strip()
    return float(text) if text.isdigit() and len(text) < 8 else 0.0
