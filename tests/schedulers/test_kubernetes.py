"""The CronJobs of a home, held against their schema."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import yaml
from cronsim import CronSim

from tests.schedulers.conftest import BERLIN, FIRST
from tradebot.core.model.schedule import SCHEDULED
from tradebot.schedulers import SchedulerKind, Setup, build_files

#: Of CronJobSpec in batch/v1 and of what it holds: the fields that we use, and whose values.
CRON_JOB: dict[str, Any] = {
    "apiVersion": "batch/v1",
    "kind": "CronJob",
    "metadata": {"name": str, "labels": {"app": str}},
    "spec": {
        "schedule": str,
        "timeZone": "America/New_York",
        "concurrencyPolicy": "Forbid",
        "startingDeadlineSeconds": int,
        "successfulJobsHistoryLimit": int,
        "failedJobsHistoryLimit": int,
        "jobTemplate": {
            "spec": {
                "backoffLimit": 0,
                "template": {
                    "spec": {
                        "enableServiceLinks": bool,
                        "restartPolicy": "Never",
                        "terminationGracePeriodSeconds": int,
                        "containers": [
                            {
                                "name": str,
                                "image": str,
                                "command": [str],
                                "env": [{"name": str, "value": str}],
                                "volumeMounts": [{"name": str, "mountPath": str}],
                            }
                        ],
                        "volumes": [{"name": str, "persistentVolumeClaim": {"claimName": str}}],
                    }
                },
            }
        },
    },
}


def test_kubernetes_gets_cron_jobs_of_its_schema(setup: Setup) -> None:
    (file,) = build_files(SchedulerKind.KUBERNETES, setup, BERLIN, FIRST)
    found = list(yaml.safe_load_all(file.text))
    assert [one["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][0]["command"] for one in found] == [
        [*setup.program, job.value, "--scheduled"] for job in SCHEDULED
    ]
    for one in found:
        _fits(one, CRON_JOB)
        assert one["spec"]["jobTemplate"]["spec"]["template"]["spec"]["enableServiceLinks"] is False
        assert len(one["metadata"]["name"]) <= 52  # CronJobs leave 11 letters for the names of their jobs
        next(CronSim(one["spec"]["schedule"], datetime(2026, 1, 1, tzinfo=UTC)))
        (variable, _) = one["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][0]["env"]
        assert variable == {"name": "TRADEBOT_HOME", "value": str(setup.home)}


def _fits(value: Any, schema: Any) -> None:
    if isinstance(schema, dict):
        assert set(value) == set(schema)
        for key in schema:
            _fits(value[key], schema[key])
    elif isinstance(schema, list):
        for item in value:
            _fits(item, schema[0])
    elif isinstance(schema, type):
        assert isinstance(value, schema)
    else:
        assert value == schema
