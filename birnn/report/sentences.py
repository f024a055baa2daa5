"""Conclusions of the report and the model card, in sentences that state what intervals cover."""

from collections.abc import Mapping, Sequence
from typing import Any

from birnn.evaluation.model_names import BASELINE, NETWORKS, TITLES, pair_title
from birnn.style.formatting import listed, percent, points
from birnn_lab.studies.store import Study
from birnn_lab.studies.table import Row, gains, rows, why_no_interval


def by_model(values: Mapping[str, Any], form: str = "%s") -> str:
    """List values with the titles of their models, such as `2 (BiLSTM), 3 (BiGRU)`."""
    texts = [form % value for value in values.values()]
    if len({*texts}) == 1 < len(texts):
        return f"{texts[0]} for each {'model' if BASELINE in values else 'network'}"
    return ", ".join(f"{text} ({TITLES[name]})" for name, text in zip(values, texts, strict=True))


def accuracies(shares: Mapping[str, float]) -> str:
    """List the accuracies of models in percent."""
    return by_model({name: percent(share) for name, share in shares.items()})


def name_result(row: Row, equivalence: float) -> str:
    """Return what `study/PROTOCOL.md` calls the difference in accuracy of two networks, in bold.

    They are equivalent if the interval lies within `equivalence` points of 0 (Schuirmann, "A
    Comparison of the Two One-Sided Tests Procedure and the Power Approach", 1987).
    """
    ((pair, found),) = row.differences.items()
    difference = found["accuracy"]
    if reason := why_no_interval(difference):
        return f"they cannot be compared ({reason})"
    names = []
    if difference.higher is not None:
        names.append(f"the {TITLES[pair[difference.higher]]} is more accurate")
    if max(-difference.low, difference.high) <= equivalence / 100:
        names.append(f"both are practically equivalent, within {equivalence:g} points")
    low, mean, high = map(points, (difference.low, difference.mean, difference.high))
    return (
        f"**{' and '.join(names) or 'undecided'}** ({pair_title(*pair)}: {mean} points, "
        f"{row.confidence} interval over {row.covered} {low} to {high})"
    )


def name_gains(study: Study) -> str:
    """Return the accuracies of the first and the last recipe, and which recipes gain."""
    first, last = (
        accuracies({name: rows(study)[place].means[name].mean for name in study.networks})
        for place in (0, -1)
    )
    found = (gain for gain in gains(study) if gain.difference.low > 0)
    shown = [f"{gain.recipe} ({points(gain.difference.mean)} points)" for gain in found]
    which = listed(shown) if shown else "no recipe"
    return (
        f"**mean test accuracy goes from {first} to {last}**. A gain over the recipe that it adds "
        f"to is shown for {which}"
    )


def name_recipes_that_win(study: Study) -> str:
    """Return the recipes with which every network beats the baseline with every seed."""
    wins = []
    for combination in study.combinations():
        runs = combination.runs
        worst = runs[[f"{network}.accuracy" for network in study.networks]].min(axis=1)
        if (worst > runs[f"{BASELINE}.accuracy"]).all():
            wins.append(combination.label)
    return ", ".join(wins) or "no recipe"


def failed_tests(
    failed: Mapping[str, Sequence[Mapping[str, Any]]], checklist: Sequence[Mapping[str, Any]]
) -> str:
    """Return how many behavioral tests each model fails, and the subject if all have the same."""
    counts = {name: len(tests) for name, tests in failed.items()}
    subjects = {test["capability"] for tests in failed.values() for test in tests}
    subject = f", all on {subjects.pop()}" if len(subjects) == 1 else ""
    tests = sum(1 for test in checklist if test["cases"])
    return f"Failed behavioral tests: {by_model(counts, f'%d of {tests}')}{subject}"


def describe_majority_class(metrics: Mapping[str, Any]) -> str:
    """Return the accuracy of guessing the majority class, and which models predict one class."""
    share = percent(metrics["corpus"]["majority_class_share"])
    one_class = [TITLES[name] for name in TITLES if name in metrics["choice"]["one_class"]]
    constant = "".join(f"The {title} predicts only one class. " for title in one_class)
    return f"{constant}Always predicting the majority class has an accuracy of {share}."


def place_baseline(metrics: Mapping[str, Any], study: Study | None) -> str:
    """Return with how many seeds the baseline beats the networks, or else how many in this run."""
    if study is not None and BASELINE in study.models:
        best = study.runs[[f"{network}.accuracy" for network in study.networks]].max(axis=1)
        wins = int((study.runs[f"{BASELINE}.accuracy"] > best).sum())
        return f"is more accurate than every network with {wins} of {len(study.runs)} seeds"
    lead = baseline_leads(metrics)
    return (
        f"is more accurate than {sum(lead)} of the {len(NETWORKS)} networks (95% intervals over "
        "test reviews)"
    )


def baseline_leads(metrics: Mapping[str, Any]) -> list[bool]:
    """Return whether the baseline is better than each network, by the interval over reviews."""
    return [other["difference_low"] > 0 for other in metrics[BASELINE]["against"]]
