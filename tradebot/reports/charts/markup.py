"""SVG elements as text, escaped."""

from __future__ import annotations

from html import escape

from tradebot.core.model.texts import visible


class Markup(str):
    """Text that is markup already. Template engines take it as it is because of ``__html__``."""

    __slots__ = ()

    def __html__(self) -> str:
        """The markup itself."""
        return self


def element(name: str, /, *children: str, **attributes: object) -> Markup:
    """An element. Children that are no Markup are escaped, control characters too, as are all values of attributes.

    In names of attributes ``_`` stands for ``-``, and one at the end is dropped: ``class_``, ``text_anchor``.
    """
    named = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(_text(value))}"' for key, value in attributes.items()
    )
    content = "".join(child if isinstance(child, Markup) else escape(visible(child), quote=False) for child in children)
    return Markup(f"<{name}{named}>{content}</{name}>" if content else f"<{name}{named}/>")


def picture(key: str, title: str, description: str, height: float, *children: str, kind: str = "") -> Markup:
    """The outermost element of a chart, with title and description. ``key`` makes its ids unique in a page.

    ``kind`` is a further class of the element.
    """
    return element(
        "svg",
        element("title", title, id=f"{key}-title"),
        element("desc", description, id=f"{key}-desc"),
        *children,
        id=key,
        class_=f"chart {kind}".rstrip(),
        width="100%",
        height=height,
        role="img",
        aria_labelledby=f"{key}-title {key}-desc",
    )


def percent(fraction: float) -> str:
    """A fraction of the width, as SVG writes it."""
    return f"{round(fraction * 100, 3):g}%"


def _text(value: object) -> str:
    return f"{round(value, 2):g}" if isinstance(value, float) else str(value)
