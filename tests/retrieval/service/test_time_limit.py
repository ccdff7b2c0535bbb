from __future__ import annotations

import asyncio

import pytest

from retrieval.service.time_limit import TimeLimit


def test_what_takes_longer_is_ended_with_a_timeout_and_the_task_goes_on():
    async def wait():
        with pytest.raises(TimeoutError):
            async with TimeLimit(0.01):
                await asyncio.sleep(10)
        await asyncio.sleep(0)
        return "went on"

    assert asyncio.run(wait()) == "went on"


def test_what_is_done_in_time_is_left_alone():
    async def wait():
        async with TimeLimit(0.01):
            done = "in time"
        await asyncio.sleep(0.03)
        return done

    assert asyncio.run(wait()) == "in time"


def test_who_is_cancelled_from_elsewhere_is_cancelled():
    async def wait():
        async with TimeLimit(10):
            await asyncio.sleep(10)

    async def cancel():
        task = asyncio.create_task(wait())
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancel())
