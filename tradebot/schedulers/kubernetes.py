"""Kubernetes CronJobs (batch/v1), one a job, in New York time: CronJobs have time zones since Kubernetes 1.27."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from tradebot.core.model.schedule import SCHEDULED, Job
from tradebot.schedulers import cron
from tradebot.schedulers.rules import NEW_YORK_NAME, HostZone, ScheduleEntry, SchedulerFile, Setup, new_york_rule

#: Seconds after its time in which a pod may still be started. A job checks itself whether it is too late.
_DEADLINE = 600


def files(setup: Setup, host: HostZone, first: date) -> tuple[SchedulerFile, ...]:
    """One YAML file with a document for each CronJob."""
    documents = ("\n".join(_yaml(cron_job(setup, job))) for job in SCHEDULED)
    return (SchedulerFile(f"{setup.name}.yaml", "".join(f"---\n{text}\n" for text in documents)),)


def cron_job(setup: Setup, job: Job) -> dict[str, Any]:
    """The CronJob of a job. The home is mounted from the volume claim ``setup.name``."""
    container = {
        "name": "tradebot",
        "image": setup.image,
        "command": list(setup.command(job)),
        "env": [{"name": name, "value": value} for name, value in setup.variables.items()],
        "volumeMounts": [{"name": "home", "mountPath": str(setup.home)}],
    }
    pod = {
        "restartPolicy": "Never",
        "enableServiceLinks": False,  # else each service of the namespace puts seven variables into the environment
        "terminationGracePeriodSeconds": 300,
        "containers": [container],
        "volumes": [{"name": "home", "persistentVolumeClaim": {"claimName": setup.name}}],
    }
    return {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": {"name": setup.entry(job), "labels": {"app": setup.name}},
        "spec": {
            "schedule": " ".join(cron.cron_line(new_york_rule(job), "").split()),
            "timeZone": NEW_YORK_NAME,
            "concurrencyPolicy": "Forbid",
            "startingDeadlineSeconds": _DEADLINE,
            "successfulJobsHistoryLimit": 3,
            "failedJobsHistoryLimit": 10,
            "jobTemplate": {"spec": {"backoffLimit": 0, "template": {"spec": pod}}},
        },
    }


def entries(output: str, setup: Setup) -> tuple[ScheduleEntry, ...]:
    """The entries of this home in the output of `kubectl get cronjobs -o json`. A suspended CronJob is none."""
    specs = {str(item["metadata"]["name"]): item["spec"] for item in json.loads(output or "{}").get("items", ())}
    listed = []
    for job in SCHEDULED:
        spec = specs.get(setup.entry(job))
        if spec is None or spec.get("suspend"):
            continue
        container = spec["jobTemplate"]["spec"]["template"]["spec"]["containers"][0]
        variables = (f"{variable['name']}={variable.get('value', '')}" for variable in container.get("env", ()))
        words = (*variables, *container.get("command", ()), *container.get("args", ()))
        fields = str(spec["schedule"]).split()
        listed.append(ScheduleEntry(job, cron.slots(fields), spec.get("timeZone", "UTC"), " ".join(words)))
    return tuple(listed)


def _yaml(value: object, indent: str = "") -> Iterator[str]:
    """The lines of a value in YAML block style; texts are in double quotes, as in JSON."""
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
