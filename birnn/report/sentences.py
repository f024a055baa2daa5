"""Conclusions of the report and the model card, in sentences that state what intervals cover."""

from collections.abc import Mapping, Sequence
from typing import Any

from birnn.evaluation.model_names import (
    BASELINE,
    INFLUENCE_PARTS,
    NETWORKS,
    TITLES,
    comparisons,
    pair_title,
    titles,
)
from birnn.style.formatting import listed, number, paired_difference, percent


def by_model(values: Mapping[str, Any], form: str = "%s") -> str:
    """List values with the titles of their models, such as `2 (BiLSTM), 3 (BiGRU)`."""
    texts = [form % value for value in values.values()]
    if len({*texts}) == 1 < len(texts):
        return f"{texts[0]} for each {'model' if BASELINE in values else 'network'}"
    return ", ".join(f"{text} ({TITLES[name]})" for name, text in zip(values, texts, strict=True))


def costs(by_name: Mapping[str, Mapping[str, int | None]]) -> str:
    """List the known costs of the models, which are from `Predictor.predict_split`."""
    titles = {
        "recurrent_parameters": "Recurrent parameters",
        "multiply_adds": "Multiply-adds per review",
    }
    known = {
        title: {name: number(costs[key] or 0) for name, costs in by_name.items() if costs.get(key)}
        for key, title in titles.items()
    }
    return " ".join(f"{title}: {by_model(values)}." for title, values in known.items() if values)


def accuracies(shares: Mapping[str, float]) -> str:
    """List the accuracies of models in percent."""
    return by_model({name: percent(share) for name, share in shares.items()})


def differences(metrics: Mapping[str, Any]) -> str:
    """List the differences in accuracy of the pairs of networks, with their intervals."""
    pairs = comparisons(metrics).items()
    return listed(f"{pair_title(*pair)}: {paired_difference(compared)}" for pair, compared in pairs)


def influences(metrics: Mapping[str, Any]) -> str:
    """List the influence of the first, middle and last words, if each network knows some there."""
    parts = {
        part: {name: metrics[name][f"influence_{part}"] for name in titles(metrics, NETWORKS)}
        for part in INFLUENCE_PARTS
    }
    known = {part: values for part, values in parts.items() if None not in values.values()}
    return "; ".join(f"{part} words {by_model(known[part], '%.3f')}" for part in known)


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
    """Return the accuracy of guessing the majority class."""
    share = percent(metrics["corpus"]["majority_class_share"])
    return f"Always predicting the majority class has an accuracy of {share}."


def place_baseline(metrics: Mapping[str, Any]) -> str:
    """Return how many networks the baseline beats in this run."""
    lead = baseline_leads(metrics)
    return (
        f"is more accurate than {sum(lead)} of the {len(lead)} networks (95% intervals over "
        "test reviews)"
    )


def baseline_leads(metrics: Mapping[str, Any]) -> list[bool]:
    """Return whether the baseline is better than each network, by the interval over reviews."""
    return [other["difference_low"] > 0 for other in metrics[BASELINE]["against"]]
