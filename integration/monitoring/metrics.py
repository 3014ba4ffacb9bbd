"""/metrics in Prometheus' text format: counts from the rollups, gauges of this process."""

from __future__ import annotations

from collections.abc import Iterator

from django.conf import settings
from django.db.models import Count, Min, Sum
from django.http import HttpRequest, HttpResponse
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from featurememory.models import Project
from integration.resources import sample_process
from patterns.failed_records import count_failures
from patterns.ingest.backpressure import admission
from patterns.models import ModelInteraction, Pattern, ProjectHour
from patterns.recognition.lease import now_ms
from patterns.recognition.recognizer_cache import recognizers as memory_of_patterns
from patterns.retention.disk_usage import measure_bytes_used


class MetricsCollector:
    """Reads all metrics from the database and /proc when scraped."""

    def collect(self) -> Iterator[Metric]:
        yield self.totals()
        yield self.patterns()
        yield self.failures()
        yield from self.queue()
        sample = sample_process()
        memory = GaugeMetricFamily("featurememory_resident_bytes", "Resident memory")
        memory.add_metric([], sample.memory_bytes)
        yield memory
        cpu = CounterMetricFamily("featurememory_cpu_seconds", "CPU time of this process")
        cpu.add_metric([], sample.cpu_seconds)
        yield cpu
        for name, value in memory_of_patterns.count_cached().items():
            yield GaugeMetricFamily(f"featurememory_pattern_cache_{name}", "Pattern cache", value)
        yield GaugeMetricFamily("featurememory_disk_bytes", "Data on disk", sample.disk_bytes)
        yield GaugeMetricFamily("featurememory_storage_bytes", "Bytes in use", measure_bytes_used())
        admission.refresh()
        pressure = GaugeMetricFamily(
            "featurememory_pressure", "Use of a resource as a share of its limit", labels=["name"]
        )
        for gauge in admission.gauges:
            pressure.add_metric([gauge.name], gauge.value / gauge.limit)
        yield pressure
        info = GaugeMetricFamily("featurememory_info", "Version", labels=["version"])
        info.add_metric([settings.VERSION], 1)
        yield info

    def totals(self) -> Metric:
        family = CounterMetricFamily(
            "featurememory_recognized", "Interactions recognised", labels=["project"]
        )
        sums = ProjectHour.objects.values_list("project__name").annotate(Sum("recognized"))
        for name, total in sums.order_by("project__name"):
            family.add_metric([name], total)
        return family

    def patterns(self) -> Metric:
        family = GaugeMetricFamily(
            "featurememory_patterns", "Patterns by state", labels=["project", "status"]
        )
        counts = Pattern.objects.values_list("project__name", "status").annotate(Count("pk"))
        for name, status, total in counts.order_by("project__name", "status"):
            family.add_metric([name, status], total)
        return family

    def failures(self) -> Metric:
        family = GaugeMetricFamily(
            "featurememory_failed_records", "Records set aside", labels=["project", "work"]
        )
        names = dict(Project.objects.values_list("pk", "name"))
        counts = count_failures()
        for project_id, work in sorted(counts, key=lambda key: (str(key[0]), key[1])):
            family.add_metric([names.get(project_id, ""), work], counts[project_id, work])
        return family

    def queue(self) -> Iterator[Metric]:
        # No order: ordered by number, SQLite would read the whole table.
        waiting = ModelInteraction.objects.pending().order_by()
        seen = waiting.aggregate(count=Count("number"), first=Min("received_at"))
        first = seen["first"]
        yield GaugeMetricFamily("featurememory_pending", "Waiting", seen["count"])
        lag = max(0, now_ms() - first) / 1000 if first else 0
        yield GaugeMetricFamily("featurememory_lag_seconds", "Age of the oldest waiting", lag)


def export_metrics(request: HttpRequest) -> HttpResponse:
    registry = CollectorRegistry()
    registry.register(MetricsCollector())
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)
