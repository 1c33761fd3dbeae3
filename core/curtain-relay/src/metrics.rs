//! Counts for operators, in the text format of Prometheus. Routes stand by their templates: no id, key or address.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Upper ends of the histogram's classes, in milliseconds.
const CLASSES_MS: [u64; 10] = [1, 5, 10, 25, 100, 250, 1_000, 2_500, 10_000, 30_000];

/// One finished request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Finished<'a> {
    pub(crate) method: &'static str,
    pub(crate) route: &'a str,
    /// 499 if the client was gone before there was an answer.
    pub(crate) status: u16,
    /// The code of a refusal.
    pub(crate) code: Option<&'static str>,
    pub(crate) took: Duration,
    pub(crate) bytes_in: u64,
    pub(crate) bytes_out: u64,
}

#[derive(Debug, Default)]
struct Histogram {
    classes: [u64; CLASSES_MS.len()],
    count: u64,
    sum: Duration,
}

#[derive(Debug, Default)]
struct Counts {
    requests: BTreeMap<(&'static str, String, u16), u64>,
    latency: BTreeMap<String, Histogram>,
    codes: BTreeMap<&'static str, u64>,
}

/// All that is counted since the start.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    counts: Mutex<Counts>,
    bytes_in: AtomicU64,
    bytes_out: AtomicU64,
    /// Requests that are being answered.
    pub(crate) in_flight: AtomicI64,
    /// Blobs that uploads completed.
    pub(crate) blobs: AtomicU64,
    /// Uploads that are neither done nor expired, as far as this relay knows.
    pub(crate) uploads_open: AtomicI64,
    /// Sweeps that failed.
    pub(crate) sweeps_failed: AtomicU64,
}

impl Metrics {
    /// Counts a request.
    pub(crate) fn finished(&self, request: Finished<'_>) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (request.method, request.route.to_owned(), request.status);
        *counts.requests.entry(key).or_default() += 1;
        if let Some(code) = request.code {
            *counts.codes.entry(code).or_default() += 1;
        }
        let latency = counts.latency.entry(request.route.to_owned()).or_default();
        for (class, upper) in latency.classes.iter_mut().zip(CLASSES_MS) {
            *class += u64::from(request.took <= Duration::from_millis(upper));
        }
        latency.count += 1;
        latency.sum += request.took;
        self.bytes_in.fetch_add(request.bytes_in, Ordering::Relaxed);
        self.bytes_out.fetch_add(request.bytes_out, Ordering::Relaxed);
    }

    /// The text that Prometheus reads.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        self.write(&mut text).expect("a string takes what is written");
        text
    }

    fn write(&self, text: &mut String) -> std::fmt::Result {
        let counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        head(text, "requests_total", "counter", "Requests by method, route and status")?;
        for ((method, route, status), n) in &counts.requests {
            let labels = format!("method=\"{method}\",route=\"{route}\",status=\"{status}\"");
            writeln!(text, "curtain_relay_requests_total{{{labels}}} {n}")?;
        }
        head(text, "refusals_total", "counter", "Refused requests by code")?;
        for (code, n) in &counts.codes {
            writeln!(text, "curtain_relay_refusals_total{{code=\"{code}\"}} {n}")?;
        }
        head(text, "request_seconds", "histogram", "Time until an answer was sent whole")?;
        for (route, latency) in &counts.latency {
            for (class, upper_ms) in latency.classes.iter().zip(CLASSES_MS) {
                let upper = Duration::from_millis(upper_ms).as_secs_f64();
                let labels = format!("route=\"{route}\",le=\"{upper}\"");
                writeln!(text, "curtain_relay_request_seconds_bucket{{{labels}}} {class}")?;
            }
            let (count, sum) = (latency.count, latency.sum.as_secs_f64());
            writeln!(text, "curtain_relay_request_seconds_bucket{{route=\"{route}\",le=\"+Inf\"}} {count}")?;
            writeln!(text, "curtain_relay_request_seconds_sum{{route=\"{route}\"}} {sum}")?;
            writeln!(text, "curtain_relay_request_seconds_count{{route=\"{route}\"}} {count}")?;
        }
        let counters = [
            ("bytes_in_total", "Bytes of bodies that came", &self.bytes_in),
            ("bytes_out_total", "Bytes of bodies that went", &self.bytes_out),
            ("blobs_total", "Blobs that uploads completed", &self.blobs),
            ("sweeps_failed_total", "Sweeps that failed", &self.sweeps_failed),
        ];
        for (name, help, n) in counters {
            head(text, name, "counter", help)?;
            writeln!(text, "curtain_relay_{name} {}", n.load(Ordering::Relaxed))?;
        }
        let gauges = [
            ("requests_in_flight", "Requests that are being answered", &self.in_flight),
            ("uploads_open", "Uploads that are neither done nor expired", &self.uploads_open),
        ];
        for (name, help, n) in gauges {
            head(text, name, "gauge", help)?;
            writeln!(text, "curtain_relay_{name} {}", n.load(Ordering::Relaxed))?;
        }
        Ok(())
    }
}

fn head(text: &mut String, name: &str, kind: &str, help: &str) -> std::fmt::Result {
    writeln!(text, "# HELP curtain_relay_{name} {help}.\n# TYPE curtain_relay_{name} {kind}")
}
