"""When people buy: slow growth, busy weekends, evenings, and two days of promotion."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from random import Random

from sandbox.clock import KST

DAYS = 183

_WEEKDAYS = (1.0, 0.97, 0.95, 1.0, 1.06, 1.26, 1.2)
_HOURS = (
    30, 16, 9, 6, 5, 8, 16, 30, 46, 60, 72, 76, 74, 66, 64, 62, 60, 62, 66, 76, 90, 100, 92, 62,
)  # fmt: skip
_CHOICES = [hour for hour, weight in enumerate(_HOURS) for _ in range(weight)]
_GROWTH = 0.5
# Days before the last one, and how much busier they are.
_PROMOTIONS = {9: 1.7, 47: 2.4}
# The buyer needs this long to pay, so the last window opens that much before the end.
_SETTLING = 300
_FEWEST_TODAY = 8


class Calendar:
    """The days from half a year ago up to `now`, the last of them unfinished."""

    def __init__(self, now: datetime) -> None:
        self.now = int(now.timestamp())
        self.today = now.astimezone(KST).date()
        self.days = [self.today - timedelta(days=back) for back in range(DAYS - 1, -1, -1)]

    def allot(self, count: int) -> list[int]:
        """How many of `count` payments fall on each day."""
        weights = [self._weight(number, day) for number, day in enumerate(self.days)]
        shares = _round_shares(weights, count)
        if self._elapsed() > 2 * _SETTLING:
            missing = min(_FEWEST_TODAY, count // 20) - shares[-1]
            if missing > 0:
                shares[-2] -= min(missing, shares[-2])
                shares[-1] = count - sum(shares[:-1])
        else:
            shares[-2] += shares[-1]
            shares[-1] = 0
        return shares

    def moments(self, rng: Random, day: date, count: int) -> list[int]:
        """When the windows of a day open, in order."""
        start, draw = midnight(day), rng.random
        latest = self.now - _SETTLING - start
        moments = []
        for _ in range(count):
            second = int((_CHOICES[int(draw() * len(_CHOICES))] + draw()) * 3_600)
            if second >= latest:
                second = int(draw() * max(latest, 1))
            moments.append(start + second)
        moments.sort()
        return moments

    def _weight(self, number: int, day: date) -> float:
        back = DAYS - 1 - number
        weight = _WEEKDAYS[day.weekday()] * (1 + _GROWTH * number / DAYS)
        weight *= _PROMOTIONS.get(back, 1.0)
        if back:
            return weight
        hour, second = divmod(self._elapsed(), 3_600)
        done = sum(_HOURS[:hour]) + (_HOURS[hour] * second / 3_600 if hour < 24 else 0)
        return weight * done / len(_CHOICES)

    def _elapsed(self) -> int:
        return self.now - midnight(self.today)


def midnight(day: date) -> int:
    """The Unix second a Korean day starts at."""
    return int(datetime(day.year, day.month, day.day, tzinfo=KST).timestamp())


def _round_shares(weights: Sequence[float], count: int) -> list[int]:
    """Whole shares that add up to `count` exactly."""
    total, shares, given, reached = sum(weights), [], 0, 0.0
    for weight in weights:
        reached += weight
        share = round(reached / total * count) - given
        shares.append(share)
        given += share
    return shares
