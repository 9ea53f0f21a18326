//! Peers do the same work in turns.

use crate::Outcome;
use crate::measure::{Clock, Run, Stopwatch};
use crate::sums::Sums;

/// One piece of work, and who does it.
pub(crate) struct Contest<'a> {
    title: String,
    clock: Clock,
    /// Bytes that each run reads; none where that says nothing.
    bytes: Option<u64>,
    entrants: Vec<Entrant<'a>>,
}

struct Entrant<'a> {
    name: String,
    goal: Option<f64>,
    run: Box<dyn FnMut() -> Outcome<Run> + 'a>,
}

/// What came of a contest. The first peer is kolumn, and the ratios are its.
#[derive(Debug, Clone)]
pub(crate) struct Results {
    pub(crate) title: String,
    pub(crate) clock: Clock,
    pub(crate) bytes: Option<u64>,
    pub(crate) peers: Vec<PeerRuns>,
}

/// The runs of one peer.
#[derive(Debug, Clone)]
pub(crate) struct PeerRuns {
    pub(crate) name: String,
    /// How many times as fast as this peer kolumn is to be.
    pub(crate) goal: Option<f64>,
    pub(crate) runs: Vec<Run>,
}

impl<'a> Contest<'a> {
    pub(crate) fn new(title: impl Into<String>, clock: Clock) -> Self {
        Self { title: title.into(), clock, bytes: None, entrants: Vec::new() }
    }

    pub(crate) fn bytes(mut self, bytes: usize) -> Self {
        self.bytes = Some(bytes as u64);
        self
    }

    /// kolumn itself, which enters first, or another way in which it does the work.
    pub(crate) fn subject(self, name: &str, mut work: impl FnMut(&mut Stopwatch) -> Outcome<Sums> + 'a) -> Self {
        self.process(name, None, move || Run::inside(&mut work))
    }

    /// A peer, and how many times as fast kolumn is to be.
    pub(crate) fn peer(self, name: &str, goal: f64, mut work: impl FnMut(&mut Stopwatch) -> Outcome<Sums> + 'a) -> Self {
        self.process(name, Some(goal), move || Run::inside(&mut work))
    }

    /// Whoever measures itself.
    pub(crate) fn process(mut self, name: &str, goal: Option<f64>, run: impl FnMut() -> Outcome<Run> + 'a) -> Self {
        self.entrants.push(Entrant { name: name.into(), goal, run: Box::new(run) });
        self
    }

    /// Lets everybody run in turns, so that whatever else the machine does falls on all of them; the first turn, which fills caches
    /// and pools, does not count where `warm_up`.
    ///
    /// Fails where they do not come to the same sums: whoever comes to others has not done the work.
    pub(crate) fn run(mut self, rounds: usize, warm_up: bool) -> Outcome<Results> {
        let mut peers: Vec<PeerRuns> = self
            .entrants
            .iter()
            .map(|entrant| PeerRuns { name: entrant.name.clone(), goal: entrant.goal, runs: Vec::new() })
            .collect();
        let mut expected: Option<(String, Sums)> = None;
        keep_memory();
        for round in usize::from(!warm_up)..=rounds {
            for (entrant, peer) in self.entrants.iter_mut().zip(&mut peers) {
                let run = (entrant.run)().map_err(|error| format!("{}, {}: {error}", self.title, entrant.name))?;
                match &expected {
                    None => expected = Some((entrant.name.clone(), run.sums.clone())),
                    Some((first, sums)) if !sums.agrees(&run.sums) => {
                        return Err(
                            format!("{}: {} came to {:?}, {first} to {sums:?}", self.title, entrant.name, run.sums).into()
                        );
                    }
                    Some(_) => {}
                }
                if round > 0 {
                    eprintln!(
                        "{}, round {round} of {rounds}: {}: {:.2} M rows/s",
                        self.title,
                        entrant.name,
                        run.rows_per_second(self.clock) / 1e6
                    );
                    peer.runs.push(run);
                }
            }
        }
        Ok(Results { title: self.title, clock: self.clock, bytes: self.bytes, peers })
    }
}

impl PeerRuns {
    /// Rows per second of the median run.
    pub(crate) fn rate(&self, clock: Clock) -> f64 {
        median(self.runs.iter().map(|run| run.rows_per_second(clock)))
    }

    pub(crate) fn cpu_seconds_per_million(&self) -> f64 {
        median(self.runs.iter().map(Run::cpu_seconds_per_million))
    }
}

impl Results {
    /// How many times as fast as each of the others kolumn is.
    pub(crate) fn ratios(&self) -> impl Iterator<Item = (&PeerRuns, f64)> {
        let subject = self.peers.first().map_or(f64::NAN, |peer| peer.rate(self.clock));
        self.peers.iter().skip(1).map(move |peer| (peer, subject / peer.rate(self.clock)))
    }
}

/// Has the allocator keep what is freed, as it does in every process that has once freed a large frame: by itself glibc gives memory back to
/// the kernel after each batch and asks for it again, page by page, which takes longer than some of the work and differs from run to run.
fn keep_memory() {
    drop(std::hint::black_box(vec![1_u8; 30 << 20]));
}

pub(crate) fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
