"""An ear: what a page's own audio graph is asked to sound, and what comes out of it.

Every oscillator is still started by the browser's own method, into the browser's own audio;
the script beside it only writes down what was started. Whether anything comes of it is read
from the samples that reach the loudspeaker.
"""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page

from tests.line.station import until

LISTEN = """(() => {
  const ear = (window.ear = { rounds: [], contexts: new Set(), tap: null });
  let round = null;
  const { start, stop } = OscillatorNode.prototype;
  OscillatorNode.prototype.start = function (at) {
    if (!round) {
      round = { running: this.context.state === 'running', pulses: [] };
      ear.rounds.push(round);
      queueMicrotask(() => (round = null));
    }
    round.pulses.push({ pitch: this.frequency.value, from: at, to: at });
    ear.contexts.add(this.context);
    return start.call(this, at);
  };
  OscillatorNode.prototype.stop = function (at) {
    if (round) round.pulses.at(-1).to = at;
    return stop.call(this, at);
  };
  const { connect } = AudioNode.prototype;
  AudioNode.prototype.connect = function (to, ...more) {
    if (to instanceof AudioDestinationNode) {
      if (!ear.tap) {
        ear.tap = this.context.createAnalyser();
        ear.tap.fftSize = 32768;
      }
      connect.call(this, ear.tap);
    }
    return connect.call(this, to, ...more);
  };
})()"""
LEVEL = """() => {
  if (!window.ear.tap) return 0;
  const samples = new Float32Array(window.ear.tap.fftSize);
  window.ear.tap.getFloatTimeDomainData(samples);
  return samples.reduce((most, each) => Math.max(most, Math.abs(each)), 0);
}"""
LOUD = 0.2
"""Of 1, the most that there is."""

Tune = tuple[tuple[int, int, int], ...]
"""One round: for each pulse its pitch in Hz, when it begins in the round, and its length, in ms."""


class Ear:
    """What one page sounds; put to it before the page is opened."""

    def __init__(self, page: Page) -> None:
        self.page = page
        page.add_init_script(LISTEN)

    def rounds(self) -> list[Tune]:
        """Return every round since the page was opened."""
        found: list[dict[str, Any]] = self.page.evaluate("window.ear.rounds")
        assert all(each["running"] for each in found), "sounded into audio that was not running"
        return [_tune(each["pulses"]) for each in found]

    def after(self, count: int) -> Tune:
        """Return the first round that begins after `count` of them; wait for it."""
        until(lambda: len(self.rounds()) > count, f"round {count + 1}")
        return self.rounds()[count]

    def rings_with(self, pulses: int) -> None:
        """Return once the latest round has so many pulses."""
        until(lambda: len(self.rounds()[-1]) == pulses, f"{pulses} pulses")

    def hears_something(self) -> None:
        """Return once the samples that reach the loudspeaker are loud."""
        until(lambda: self.page.evaluate(LEVEL) > LOUD, "a sound")

    def hears_nothing(self) -> None:
        """Return once the last 0.7 s of them are silent."""
        until(lambda: self.page.evaluate(LEVEL) == 0, "silence")

    def suspend(self) -> None:
        """Suspend the audio, as a browser does that has lost its loudspeaker."""
        self.page.evaluate("() => Promise.all([...window.ear.contexts].map((c) => c.suspend()))")


def _tune(pulses: list[dict[str, float]]) -> Tune:
    first = pulses[0]["from"]
    return tuple(
        (round(each["pitch"]), round((each["from"] - first) * 1_000),
         round((each["to"] - each["from"]) * 1_000))
        for each in pulses
    )  # fmt: skip
