"""Which company of the PSA a tenant is, and which product a SKU: by domains first, then by names, with a confidence. Pure."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

from sync_core.model.agreements import Company, Product

SURE = 0.9
"""From here on a match is written as a fact; below, as a comment that a person decides on."""
_ALIKE = 0.5
"""Names that are less alike than this are not compared further."""
_LEGAL_FORM = re.compile("the|inc(orporated)?|ll[cp]|ltd|limited|corp(oration)?|co(mpany)?|gmbh|ag|kg|s[al]|sarl|[bn]v|plc|pt[ye]|ab|as|oy")
_SHARED_DOMAIN = re.compile(r"(gmail|googlemail|outlook|hotmail|live|msn|yahoo|icloud|me|aol)\.com|gmx\.(de|net)|web\.de|.*\.onmicrosoft\.com")

T = TypeVar("T")


@dataclass(frozen=True)
class CompanyMatch:
    """The company that fits best. ``confidence`` is from 0 to 1; ``why`` says what it rests on."""

    company: Company | None
    confidence: float
    why: str

    @property
    def sure(self) -> bool:
        """Whether it may stand without a person's look."""
        return self.company is not None and self.confidence >= SURE


@dataclass(frozen=True)
class ProductMatch:
    """The product whose name is closest to a SKU's."""

    product: Product | None
    confidence: float


def match_company(name: str, domains: Collection[str], companies: Iterable[Company]) -> CompanyMatch:
    """The company that has one of the tenant's domains; among several, and without any, the one whose name is closest."""
    companies = tuple(companies)
    own = {domain.lower() for domain in domains if not _SHARED_DOMAIN.fullmatch(domain.lower())}
    by_domain = [company for company in companies if own & company.domains]
    if len(by_domain) == 1:
        shared = ", ".join(sorted(own & by_domain[0].domains))
        return CompanyMatch(by_domain[0], 0.97, f"same domain {shared}")
    best, confidence, rival = _closest(name, ((company, (company.name,)) for company in by_domain or companies))
    if best is None:
        return CompanyMatch(None, 0.0, "the PSA has no companies")
    if by_domain and confidence == 1.0 > rival:
        return CompanyMatch(best, 0.95, f"same name, and one of {len(by_domain)} companies with its domains")
    if by_domain:
        return CompanyMatch(best, min(confidence, 0.8), f"{len(by_domain)} companies have its domains")
    if rival == confidence:
        return CompanyMatch(best, min(confidence, 0.5), "several companies have this name")
    if confidence == 1.0:
        return CompanyMatch(best, 0.93, "same name")
    return CompanyMatch(best, min(confidence, 0.85), "similar name")


def without_rivals(matches: dict[str, CompanyMatch]) -> dict[str, CompanyMatch]:
    """The matches by tenant; where two tenants claim one company, neither is sure."""
    claims: dict[str, list[str]] = {}
    for tenant_id, match in matches.items():
        if match.sure and match.company:
            claims.setdefault(match.company.company_id, []).append(tenant_id)
    shared = {tenant_id for tenants in claims.values() if len(tenants) > 1 for tenant_id in tenants}
    return {
        tenant_id: CompanyMatch(match.company, 0.6, f"{match.why}, but another tenant fits this company, too") if tenant_id in shared else match
        for tenant_id, match in matches.items()
    }


def match_product(names: Iterable[str], products: Iterable[Product]) -> ProductMatch:
    """The active product whose identifier or name is closest to one of the names of a SKU."""
    candidates = [(product, (product.identifier, product.name)) for product in products if product.active]
    found = [_closest(name, candidates) for name in names if name]
    product, confidence, _ = max(found, key=lambda match: match[1], default=(None, 0.0, 0.0))
    return ProductMatch(product, round(confidence, 2))


def likeness(one: str, other: str) -> float:
    """How alike two names are, from 0 to 1, without regard to case, punctuation and legal forms."""
    matcher = difflib.SequenceMatcher(a="", b=_plain_name(one), autojunk=False)
    return _likeness(matcher, _plain_name(other)) if one and other else 0.0


def _closest(name: str, candidates: Iterable[tuple[T, tuple[str, ...]]]) -> tuple[T | None, float, float]:
    """The closest candidate, its likeness from 0 to 1, and that of the next one."""
    wanted = _plain_name(name)
    matcher = difflib.SequenceMatcher(a="", b=wanted, autojunk=False)
    scored = [(max(_likeness(matcher, _plain_name(known)) for known in names), candidate) for candidate, names in candidates]
    scored.sort(key=lambda pair: -pair[0])
    if not scored:
        return None, 0.0, 0.0
    return scored[0][1], scored[0][0], scored[1][0] if len(scored) > 1 else 0.0


def _likeness(matcher: difflib.SequenceMatcher[str], text: str) -> float:
    matcher.set_seq1(text)
    return matcher.ratio() if matcher.real_quick_ratio() > _ALIKE and matcher.quick_ratio() > _ALIKE else 0.0


@lru_cache(maxsize=100_000)
def _plain_name(name: str) -> str:
    words = [word for word in re.split(r"[\W_]+", name.lower()) if word]
    return " ".join(word for word in words if not _LEGAL_FORM.fullmatch(word)) or " ".join(words)
