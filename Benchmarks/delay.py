#!/usr/bin/env python3
"""A server that is far away: passes connections on to a port of this machine, each byte half a round trip later.

    Benchmarks/delay.py PORT TARGET_PORT MILLISECONDS

A connection costs a round trip, an answer another one. Nothing is limited but that. Prints "ready" once it listens.
"""

import asyncio
import sys

CHUNK = 1 << 18


async def carry(reader, writer, delay, first):
    """Passes bytes on after the delay, in order, however many are under way."""
    loop = asyncio.get_running_loop()
    under_way = asyncio.Queue(maxsize=64)

    async def deliver():
        while True:
            due, chunk = await under_way.get()
            if due > loop.time():
                await asyncio.sleep(due - loop.time())
            if not chunk:
                break
            writer.write(chunk)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()

    delivering = asyncio.ensure_future(deliver())
    try:
        extra = first
        while True:
            chunk = await reader.read(CHUNK)
            await under_way.put((loop.time() + delay + extra, chunk))
            extra = 0
            if not chunk:
                break
        await delivering
    finally:
        delivering.cancel()


async def accept(reader, writer, target, delay):
    try:
        there, back = await asyncio.open_connection("127.0.0.1", target)
    except OSError:
        writer.close()
        return
    # What connecting would have taken is added to the first bytes.
    await asyncio.gather(carry(reader, back, delay, 2 * delay), carry(there, writer, delay, 0),
                         return_exceptions=True)
    for end in (writer, back):
        end.close()


async def main(port, target, milliseconds):
    delay = milliseconds / 2_000
    server = await asyncio.start_server(
        lambda reader, writer: accept(reader, writer, target, delay), "127.0.0.1", port, backlog=1024, limit=1 << 20)
    print("ready", flush=True)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(*map(int, sys.argv[1:])))
