"""What payments depend on: whether it answers, and since when it does not. What is stale is never called good."""

from mpesa_cli.counter.snapshot import Light
from mpesa_cli.counter.words import Say
from mpesa_cli.floor.moments import SECOND_US, clock_time
from mpesa_cli.floor.records import dataclass

FRESH_S = 600  # an answer that is older says nothing about now


@dataclass(slots=True)
class Health:
    """What was last seen of each. Times are microseconds; 0 where nothing was seen yet."""

    listener_words: str = ""
    listener_ok_us: int = 0
    listener_bad_us: int = 0
    daraja_ok_us: int = 0
    daraja_bad_us: int = 0
    sms_on: bool = False
    sms_stuck: int = 0
    callback_us: int = 0

    def note_listener(self, words: str, now_us: int, *, answers: bool) -> None:
        """The listener was looked at."""
        self.listener_words = words
        if answers:
            self.listener_ok_us, self.listener_bad_us = now_us, 0
        else:
            self.listener_bad_us = self.listener_bad_us or now_us

    def note_daraja(self, now_us: int, *, answered: bool) -> None:
        """Daraja was asked for something."""
        if answered:
            self.daraja_ok_us, self.daraja_bad_us = now_us, 0
        else:
            self.daraja_bad_us = self.daraja_bad_us or now_us

    def lights(self, say: Say, now_us: int) -> tuple[Light, ...]:
        """Each in words."""
        return (self._listener(say, now_us), self._daraja(say, now_us), self._sms(say), self._callback(say, now_us))

    def _listener(self, say: Say, now_us: int) -> Light:
        if self.listener_bad_us:
            since = say("silent", time=_at(self.listener_ok_us or self.listener_bad_us))
            return Light(say("listener"), f"{since} ({self.listener_words})" if self.listener_words else since, False)
        fresh = self.listener_ok_us and now_us - self.listener_ok_us < 30 * SECOND_US
        if not fresh:
            last_us = self.listener_ok_us
            return Light(say("listener"), say("silent", time=_at(last_us)) if last_us else say("none_yet"), None)
        return Light(say("listener"), self.listener_words or say("answers"), True)

    def _daraja(self, say: Say, now_us: int) -> Light:
        if self.daraja_bad_us:
            return Light(say("daraja"), say("no_answer", time=_at(self.daraja_ok_us or self.daraja_bad_us)), False)
        if not self.daraja_ok_us:
            return Light(say("daraja"), say("not_asked"), None)
        if (age_s := (now_us - self.daraja_ok_us) // SECOND_US) < FRESH_S:
            return Light(say("daraja"), say("ok_at", time=_at(self.daraja_ok_us)), True)
        return Light(say("daraja"), say("since", time=_at(self.daraja_ok_us), minutes=age_s // 60), None)

    def _sms(self, say: Say) -> Light:
        if not self.sms_on:
            return Light(say("sms"), say("sms_off"), None)
        if self.sms_stuck:
            return Light(say("sms"), say("sms_stuck", count=self.sms_stuck), False)
        return Light(say("sms"), say("sms_ok"), True)

    def _callback(self, say: Say, now_us: int) -> Light:
        if not self.callback_us:
            return Light(say("callback"), say("none_yet"), None)
        if (age_s := (now_us - self.callback_us) // SECOND_US) < FRESH_S:
            return Light(say("callback"), say("at", time=_at(self.callback_us)), True)
        return Light(say("callback"), say("since", time=_at(self.callback_us), minutes=age_s // 60), None)


def _at(at_us: int) -> str:
    return clock_time(at_us)[:5]
