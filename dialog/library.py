"""Where flows lie, and what belongs to each.

Flow id `bank` is `flows/bank.yaml` or `flows/packs/<pack>/bank.yaml`. What lies beside it belongs to it: `intents/`,
`knowledge/`, `rules/`, `calendars.yaml`, a customer directory, `bank.flowtest.yaml`. Intents are learnt per folder:
what a bank's callers want must not make a shop's bot doubt. Intents that every flow needs (`UNIVERSAL`) are taken from
the outermost folder unless a pack has its own file for them.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import structlog

from dialog.actions.outside import Outside
from dialog.experiment.assign import Experiments
from dialog.filter.service import Filters
from dialog.knowledge import Article, KnowledgeBase, read_articles
from dialog.neighbours import PACKS
from dialog.options import DialogOptions
from dialog.ports import Embedder, Ports
from dialog.rulebook import rule
from dialog.snapshots import UNIVERSAL
from dialog.switches import OUTERMOST, SwitchBoard
from dialog.understanding import Example, IntentClassifier, read_examples, read_levels
from dialog.verification.directory import FileDirectory
from dialog.verification.memory import memory_ports
from dialog.verification.ports import Attempts, CustomerDirectory, VerificationPorts
from dialog.verification.sending import CodePerformer
from dialog.yamlfile import FileError, Problem

log = structlog.get_logger(__name__)

FLOW_ID = rule(
    "flow-id",
    "E",
    "a flow's id is not its file's name, by which it is found, or is another's too",
    "rename one of them",
)
QUESTION = "question"
"""Intent of whatever the knowledge base can be asked; learnt from the articles' own questions."""
_FLOW = re.compile(r'^\s*[{]?\s*"?format"?\s*:\s*"?flow/v1\b', re.MULTILINE)
_HEAD = 4000  # characters in which `format: flow/v1` stands
_RETRY_S = 2.0

MakeVerification = Callable[[CustomerDirectory], VerificationPorts]


def outermost(path: Path) -> Path:
    """The folder of flows in which a flow's or test's file lies: that of all packs, if it is in a pack."""
    folder = path.resolve().parent
    return folder.parent.parent if folder.parent.name == PACKS else folder


def flow_files(root: Path) -> dict[str, Path]:
    """Flow id → its file, shipped folder first, then packs by name. Raises `FileError` for an id in two places."""
    found: dict[str, Path] = {}
    for folder in (root, *sorted(path for path in (root / PACKS).glob("*") if path.is_dir())):
        for path in sorted(folder.glob("*.yaml")):
            if "." in path.stem or not _is_flow(path):
                continue
            if path.stem in found:
                problem = f"flow {path.stem!r} is also {found[path.stem]}; an id may be in one place only"
                raise FileError([Problem(str(path), 1, problem, FLOW_ID)])
            found[path.stem] = path
    return found


def _is_flow(path: Path) -> bool:
    try:
        with path.open(encoding="utf-8") as file:
            return _FLOW.search(file.read(_HEAD)) is not None
    except (OSError, UnicodeDecodeError):
        return False


@dataclass
class FlowFolder:
    """One folder's understanding, knowledge and customers, shared by the flows in it."""

    path: Path
    ports: Ports
    examples: list[Example]
    articles: list[Article]
    _ready: asyncio.Event = field(default_factory=asyncio.Event)
    _learning: asyncio.Lock = field(default_factory=asyncio.Lock)

    @classmethod
    def load(
        cls,
        path: Path,
        root: Path,
        options: DialogOptions,
        *,
        data_dir: Path | None,
        embedder: Embedder,
        attempts: Attempts,
        customers: CustomerDirectory | None = None,
        outside: Outside | None = None,
        filters: Filters | None = None,
        experiments: Experiments | None = None,
        verification: MakeVerification = memory_ports,
        board: SwitchBoard | None = None,
        kin: Iterable[FlowFolder] = (),
    ) -> FlowFolder:
        """Read a folder of flows. Raises `FileError`.

        `root`: the outermost folder; `data_dir`: where vectors are cached, by folder, None = nowhere; `kin`: folders
        that may have learnt the same: what one version of a flow has learnt, the others need not learn again.
        """
        examples, articles = read_examples(path / "intents"), read_articles(path / "knowledge")
        levels = read_levels(path / "intents")
        cache = data_dir
        if path != root:
            own = {example.intent for example in examples}
            shared = read_examples(root / "intents")
            examples += [item for item in shared if item.intent in UNIVERSAL and item.intent not in own]
            cache = data_dir / PACKS / path.name if data_dir else None
        pack = path.name if path != root else OUTERMOST
        people = customers or people_of(path, root, options)
        same = next((one for one in kin if one.has_learnt_from(examples, articles, levels)), None)
        ports = Ports(
            performer=(outside or Outside(options.actions)).performer(path, pack),
            switches=(board or SwitchBoard()).of(pack),
            experiments=experiments or Experiments(options.experiment_salt),
            filters=filters or Filters.load(root / "filters", options.filters),
            understanding=same.ports.understanding
            if same
            else IntentClassifier(
                embedder, least=options.intent_min, cache=cache / "vectors-intents.npz" if cache else None
            ),
            knowledge=same.ports.knowledge
            if same
            else KnowledgeBase(
                embedder,
                [_with_examples(article, examples, levels) for article in articles],
                least=options.knowledge_min,
                cache=cache / "vectors-knowledge.npz" if cache else None,
            ),
            customers=people,
            attempts=attempts,
            levels=levels,
            verification=verification(people),
        )
        ports = replace(ports, performer=CodePerformer(ports.performer, ports.verification.codes))
        if same:
            return cls(path, ports, examples, articles, same._ready, same._learning)
        return cls(path, ports, examples, articles)

    def has_learnt_from(self, examples: list[Example], articles: list[Article], levels: Mapping[str, int]) -> bool:
        """Whether it learns just this."""
        return self.examples == examples and self.articles == articles and self.ports.levels == levels

    @property
    def ready(self) -> bool:
        """Whether it has been learnt."""
        return self._ready.is_set()

    async def wait_ready(self) -> None:
        """Until it has been learnt."""
        await self._ready.wait()

    async def learn(self) -> None:
        """Learn intents and index knowledge; waits for vectors as long as it takes. Cancel to stop."""
        known = {example.intent for example in self.examples}
        questions = [
            Example(question, QUESTION)
            for article in self.articles
            if article.id not in known
            for listed in article.questions.values()
            for question in listed
        ]
        understanding, knowledge = self.ports.understanding, self.ports.knowledge
        async with self._learning:
            while not self.ready:
                try:
                    if isinstance(knowledge, KnowledgeBase) and self.articles:
                        await knowledge.index()
                    if isinstance(understanding, IntentClassifier):
                        await understanding.fit([*self.examples, *questions])
                    self._ready.set()
                except (OSError, TimeoutError) as error:
                    log.info("dialog.waiting_for_inference", folder=self.path.name, error=str(error))
                    await asyncio.sleep(_RETRY_S)


def people_of(path: Path, root: Path, options: DialogOptions) -> FileDirectory:
    """The customer directory of a folder of flows, else of the outermost. Raises `FileError`."""
    directory = path / options.customers
    return FileDirectory.read(directory if directory.is_file() else root / options.customers)


def _with_examples(article: Article, examples: list[Example], levels: dict[str, int]) -> Article:
    """Ways to ask for an intent are ways to ask for the article of the same name, which is as private."""
    more = [example.text for example in examples if example.intent == article.id]
    if not more:
        return article
    level = max(article.auth_level, levels.get(article.id, 0))
    return article.model_copy(update={"questions": {**article.questions, "*": more}, "auth_level": level})
