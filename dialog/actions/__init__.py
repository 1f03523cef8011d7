"""Carrying out what runs ask for outside: requests, decisions by table, workflows with approvals.

`outside.Outside` makes the real `dialog.ports.Performer` of each folder of flows. Whoever drives a run takes each
`Perform` effect and, in a task of its own, does `event = await engine.ports.performer.perform(effect)`, then gives
`event` to `engine.step` as it would any other. It ends within `effect.timeout_ms` and a little, and raises nothing.

With `dialog.actions.mock` requests are answered at once by `effect.mock`, and `Performed.ms` is the mock's `delay_ms`;
tables really decide and workflows really run, their requests being mocked as well. That is what flow tests use.
"""
