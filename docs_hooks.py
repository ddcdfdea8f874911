"""Pages that mkdocs adds to docs/: README.md as the start, and the reference, made from the code at build time."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from pydantic import BaseModel
from pydantic.fields import FieldInfo

ROOT = Path(__file__).parent
ELSEWHERE = {"CONTRIBUTING.md": "contributing.md", "CHANGELOG.md": "changelog.md"}
"""Pages of the repository's top folder, and what they are called in the site."""


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Put the decisions, which are many, at the end of the navigation."""
    pages = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    config.nav = [*(config.nav or []), {"Decisions": [f"decisions/{page.name}" for page in pages]}]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that are not in docs/."""
    made = {
        "index.md": _top("README.md"),
        **{page: _top(file) for file, page in ELSEWHERE.items()},
        "reference/settings.md": settings(),
        "reference/oracles.md": oracles(),
        "reference/cli.md": commands(),
    }
    for name, text in made.items():
        files.append(File.generated(config, name, content=text))
    return files


def _top(file: str) -> str:
    """A page of the top folder with its links as they are in the site; what has no page there becomes text."""
    text = (ROOT / file).read_text(encoding="utf-8")
    text = re.sub(r"\]\(docs/", "](", text)
    for name, page in ELSEWHERE.items():
        text = text.replace(f"]({name})", f"]({page})")
    return re.sub(r"\[([^\]]*)\]\((?:CITATION\.cff|decisions)\)", r"\1", text)


def settings() -> str:
    """Every section of a campaign's file: its keys with type, default and meaning."""
    from chemmara.campaign.settings import CampaignConfig

    lines = [
        "# Settings of a campaign",
        "",
        "`chemmara init` writes a commented file; `chemmara validate` checks it.",
        "",
    ]
    for title, model in _sections("", CampaignConfig, set()):
        lines += [f"## {title}", "", _text(model.__doc__ or ""), "", *_table(model), ""]
    return "\n".join(lines)


def oracles() -> str:
    """Every oracle that a component may name, with its own settings."""
    from chemmara.scoring.components import Component
    from chemmara.scoring.components.base import Base

    lines = ["# Oracles", "", "## Every component", "", *_table(Base), ""]
    for component in get_args(get_args(Component)[0]):
        own = [key for key in component.model_fields if key not in Base.model_fields]
        lines += [
            f"## {', '.join(get_args(component.model_fields['oracle'].annotation))}",
            "",
            _text(component.__doc__ or ""),
            "",
            *_table(component, own),
            "",
        ]
    return "\n".join(lines)


def commands() -> str:
    """The help of every command."""
    from chemmara.cli.main import app
    from typer.main import get_command

    lines = ["# Command line", ""]
    for path, command in _commands("chemmara", get_command(app)):
        lines += [f"## {path}", "", *_help(command.help or ""), "| option | meaning | default |", "| --- | --- | --- |"]
        lines += [_parameter(parameter) for parameter in command.params if parameter.name != "help"]
        lines.append("")
    return "\n".join(lines)


def _commands(path: str, command: Any) -> Iterator[tuple[str, Any]]:
    inner = getattr(command, "commands", None)
    if inner is None:
        yield path, command
        return
    for name, found in inner.items():
        yield from _commands(f"{path} {name}", found)


def _help(text: str) -> Iterator[str]:
    """A command's help, a paragraph each; its example as code."""
    for paragraph in text.split("\n\n"):
        words, found, example = paragraph.partition("Example: ")
        yield from (_text(words), "")
        if found:
            yield from ("```sh", example.strip(), "```", "")


def _parameter(parameter: Any) -> str:
    names = ", ".join(f"`{name}`" for name in (*parameter.opts, *parameter.secondary_opts))
    default = "required" if parameter.required else parameter.default
    shown = "" if default is None or default is False or callable(default) else default
    names = f"`{parameter.name.upper()}`" if parameter.param_type_name == "argument" else names
    return f"| {names} | {_cell(getattr(parameter, 'help', None) or '')} | {_cell(str(shown))} |"


def _sections(title: str, model: type[BaseModel], seen: set[type]) -> Iterator[tuple[str, type[BaseModel]]]:
    """A table of settings and those inside it, each once; components have a page of their own."""
    from chemmara.scoring.components.base import Base

    if model in seen or issubclass(model, Base):
        return
    seen.add(model)
    kinds = get_args(model.model_fields["kind"].annotation) if "kind" in model.model_fields else ()
    yield (f"[{title}]" + "".join(f', kind = "{kind}"' for kind in kinds) if title else "The file"), model
    for key, field in model.model_fields.items():
        for inner in _models(field.annotation):
            yield from _sections(f"{title}.{key}".lstrip("."), inner, seen)


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _models(argument)


def _table(model: type[BaseModel], keys: list[str] | None = None) -> list[str]:
    rows = [_row(key, field) for key, field in model.model_fields.items() if keys is None or key in keys]
    return ["| key | meaning | default |", "| --- | --- | --- |", *rows]


def _row(key: str, field: FieldInfo) -> str:
    default = "required" if field.is_required() else field.get_default(call_default_factory=True, validated_data={})
    shown = "its own table" if isinstance(default, BaseModel) else "left out" if default is None else default
    return f"| `{key}` | {_cell(field.description or '')} | {_cell(str(shown))} |"


def _text(text: str) -> str:
    """Plain text as Markdown that shows it as it is."""
    return re.sub(r"([\\<>\[\]*_`#])", r"\\\1", " ".join(text.split()))


def _cell(text: str) -> str:
    return _text(text).replace("|", r"\|")
