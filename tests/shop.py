"""The flow of a small shop, as text, that tests of flow tests and of versions publish and play."""

from __future__ import annotations


def shop(exits: str, blocks: str) -> str:
    """It asks, leaves by these `exits` (YAML) into these `blocks` (indented), and says goodbye; `people` takes over."""
    return f"""format: flow/v1
id: shop
title: {{en: Shop}}
locales: [en]
start: ask
blocks:
  ask:
    type: understand
    prompt: {{en: How can I help you}}
    no_match: {{en: Sorry}}
    exits: {exits}
{blocks}  bye: {{type: end, text: {{en: Goodbye}}}}
handlers: {{on_human_request: people, on_error: people, on_silence: bye}}
"""
