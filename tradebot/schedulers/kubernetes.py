"""Kubernetes CronJobs (batch/v1), one a job. They know time zones since 1.27, so New York's times stand as they are."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from tradebot.core.model.schedule import Job
from tradebot.schedulers import cron
from tradebot.schedulers.rules import NEW_YORK_NAME, File, HostZone, ScheduleEntry, Setup, jobs, new_york_rule

#: How late a pod may still be started: run-daily and check-exits say themselves when it is too late.
_DEADLINE = 600


def files(setup: Setup, host: HostZone, first: date) -> tuple[File, ...]:
    documents = ("\n".join(_yaml(cron_job(setup, job))) for job in jobs())
    return (File(f"{setup.name}.yaml", "".join(f"---\n{text}\n" for text in documents)),)


def cron_job(setup: Setup, job: Job) -> dict[str, Any]:
    """A job as the API has it. The home is a volume, claimed under the name of the home's entries."""
    container = {
        "name": "tradebot",
        "image": setup.image,
        "command": list(setup.command(job)),
        "env": [{"name": name, "value": value} for name, value in setup.variables.items()],
        "volumeMounts": [{"name": "home", "mountPath": str(setup.home)}],
    }
    pod = {
        "restartPolicy": "Never",
        "terminationGracePeriodSeconds": 300,
        "containers": [container],
        "volumes": [{"name": "home", "persistentVolumeClaim": {"claimName": setup.name}}],
    }
    return {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": {"name": setup.entry(job), "labels": {"app": setup.name}},
        "spec": {
            "schedule": " ".join(cron.line(new_york_rule(job), "").split()),
            "timeZone": NEW_YORK_NAME,
            "concurrencyPolicy": "Forbid",
            "startingDeadlineSeconds": _DEADLINE,
            "successfulJobsHistoryLimit": 3,
            "failedJobsHistoryLimit": 10,
            "jobTemplate": {"spec": {"backoffLimit": 0, "template": {"spec": pod}}},
        },
    }


def entries(listed: str, setup: Setup) -> tuple[ScheduleEntry, ...]:
    """Our jobs as a cluster starts them, from what `kubectl get cronjobs -o json` says; a suspended one starts none."""
    found = {str(item["metadata"]["name"]): item["spec"] for item in json.loads(listed or "{}").get("items", ())}
    made = []
    for job in jobs():
        spec = found.get(setup.entry(job))
        if spec is None or spec.get("suspend"):
            continue
        container = spec["jobTemplate"]["spec"]["template"]["spec"]["containers"][0]
        variables = (f"{one['name']}={one.get('value', '')}" for one in container.get("env", ()))
        words = (*variables, *container.get("command", ()), *container.get("args", ()))
        fields = str(spec["schedule"]).split()
        made.append(ScheduleEntry(job, cron.slots(fields), spec.get("timeZone", "UTC"), " ".join(words)))
    return tuple(made)


def _yaml(value: object, indent: str = "") -> Iterator[str]:
    """Mappings and lists in YAML's block style; every text in double quotes, as JSON writes it."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _item(f"{indent}{key}:", item, indent)
    elif isinstance(value, Sequence):
        for item in value:
            first, *rest = _yaml(item, f"{indent}  ") if isinstance(item, Mapping) else (f"{indent}  {_scalar(item)}",)
            yield f"{indent}- {first.lstrip()}"
            yield from rest


def _item(head: str, item: object, indent: str) -> Iterator[str]:
    if isinstance(item, str | int):
        yield f"{head} {_scalar(item)}"
    else:
        yield head
        yield from _yaml(item, f"{indent}  ")


def _scalar(value: object) -> str:
    return json.dumps(value)
