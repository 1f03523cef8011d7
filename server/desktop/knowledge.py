"""Articles for agents: what the bot's knowledge search finds, private articles included, each with its source."""

from __future__ import annotations

import re
from dataclasses import dataclass

from dialog.knowledge import Article, KnowledgeBase
from dialog.library import FlowFolder
from dialog.service import Dialog
from dialog.text import match_locale

STAFF_LEVEL = 3  # agents may read every article; whom they may tell it to is another question
LEAST = 0.25  # below it nothing fits: better an empty list than a wrong one
_HAN = re.compile(r"[\u3400-\u9fff]")


@dataclass(frozen=True, slots=True)
class Hit:
    """One article in one language. `score` 0…1; `source`: the folder of flows it belongs to."""

    article_id: str
    version: int
    title: str
    text: str
    score: float
    source: str
    auth_level: int


class KnowledgeDesk:
    """Searches the folders of flows that are loaded."""

    def __init__(self, dialog: Dialog | None) -> None:
        self._dialog = dialog

    def folders(self, flow_id: str = "") -> list[FlowFolder]:
        """That of a flow, or all, each once."""
        if self._dialog is None:
            return []
        ids = [flow_id] if flow_id in self._dialog.flows else [] if flow_id else list(self._dialog.flows)
        return list({folder.path: folder for name in ids for folder in [self._dialog.folder(name)]}.values())

    async def search(
        self, text: str, language: str = "", *, limit: int = 5, level: int = STAFF_LEVEL, flow_id: str = ""
    ) -> list[Hit]:
        """Best first. Raises OSError or TimeoutError without sentence vectors."""
        wanted = language or ("zh-CN" if _HAN.search(text) else "en")
        hits = []
        for folder in self.folders(flow_id):
            knowledge = folder.ports.knowledge
            if not isinstance(knowledge, KnowledgeBase):
                continue
            articles = {article.id: article for article in folder.articles}
            for found in (await knowledge.rank(text, wanted, level))[:limit]:
                if found.score >= LEAST and (article := articles.get(found.article)):
                    title = title_of(article, wanted)
                    hits.append(
                        Hit(found.article, found.version, title, found.text, found.score, folder.path.name,
                            article.auth_level)
                    )  # fmt: skip
        return sorted(hits, key=lambda hit: -hit.score)[:limit]


def title_of(article: Article, language: str) -> str:
    """The first way to ask for it, in the language where there is one."""
    served = match_locale([*article.questions], language)
    listed = article.questions[served] if served else next(iter(article.questions.values()))
    first = listed[0] if listed else article.id
    return first[:1].upper() + first[1:]
