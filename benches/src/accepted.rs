//! The ratios that have been accepted, in `accepted.toml`, and what has fallen behind them.
//!
//! A ratio is one of a profile: without link-time optimisation it is another than with it, for kolumn and for its peers. So `release`, `measure`
//! and `suites` (what `cargo xtask test --only ratios` runs) have figures of their own, and are never held against each other.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::PathBuf;

use crate::Outcome;
use crate::contest::Results;

/// A ratio may be less than the accepted one by a fifth: machines differ, and so do their moods.
const TOLERATED: f64 = 0.8;

/// Ratios by contest and peer.
type Ratios = BTreeMap<String, BTreeMap<String, f64>>;

/// The accepted ratios, by the profile of the build.
#[derive(Debug)]
pub(crate) struct Accepted {
    profiles: BTreeMap<String, Ratios>,
}

/// What has fallen: the contests by title, with a line for each of their ratios that has, and what nobody has accepted.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Fallen {
    lines: BTreeMap<String, Vec<String>>,
    unknown: BTreeSet<String>,
}

fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("accepted.toml")
}

/// The profile that this program was compiled in: cargo has a folder for each.
fn profile() -> Outcome<String> {
    if cfg!(debug_assertions) {
        return Err("compiled with assertions, which no release has: there is nothing to compare its ratios with".into());
    }
    let program = std::env::current_exe()?;
    let folder = program.parent().and_then(|folder| folder.file_name());
    Ok(folder.ok_or("this program has no folder, and so no profile")?.to_string_lossy().into_owned())
}

impl Accepted {
    pub(crate) fn read() -> Outcome<Self> {
        Ok(Self { profiles: toml::from_str(&std::fs::read_to_string(path())?)? })
    }

    /// What is less than four fifths of the accepted ratio.
    pub(crate) fn fallen<'a>(&self, results: impl IntoIterator<Item = &'a Results>) -> Outcome<Fallen> {
        Ok(self.behind(&profile()?, results))
    }

    fn behind<'a>(&self, profile: &str, results: impl IntoIterator<Item = &'a Results>) -> Fallen {
        let mut fallen = Fallen::default();
        let accepted = self.profiles.get(profile);
        for contest in results {
            let accepted = accepted.and_then(|ratios| ratios.get(&contest.title));
            for (peer, ratio) in contest.ratios() {
                match accepted.and_then(|peers| peers.get(&peer.name)) {
                    Some(accepted) if ratio < accepted * TOLERATED => {
                        let line = format!("{}: {ratio:.2} x {}, accepted are {accepted:.2} x", contest.title, peer.name);
                        fallen.lines.entry(contest.title.clone()).or_default().push(line);
                    }
                    Some(_) => {}
                    None => drop(fallen.unknown.insert(format!("{}: {} in profile {profile}", contest.title, peer.name))),
                }
            }
        }
        fallen
    }

    /// Writes the ratios down as accepted, beside those of contests that were not run and those of other profiles.
    pub(crate) fn accept<'a>(mut self, results: impl IntoIterator<Item = &'a Results>) -> Outcome {
        let ratios = self.profiles.entry(profile()?).or_default();
        for contest in results {
            let measured = contest.ratios().map(|(peer, ratio)| (peer.name.clone(), (ratio * 100.0).round() / 100.0));
            ratios.insert(contest.title.clone(), measured.collect());
        }
        let text = toml::to_string(&self.profiles)?;
        std::fs::write(
            path(),
            format!(
                "# How many times as fast as each peer kolumn is: the last accepted figures, by the profile of the build. `--accept` writes them, and\n\
                 # `cargo xtask accept` those of the profile `suites`, which CI compares with.\n\n{text}"
            ),
        )?;
        Ok(())
    }
}

impl Fallen {
    /// Whether a ratio of the contest has fallen.
    pub(crate) fn names(&self, contest: &Results) -> bool {
        self.lines.contains_key(&contest.title)
    }

    /// A line for each ratio that fell in a contest both times, as it was the second time, and one for each that nobody has accepted.
    pub(crate) fn still(&self, second: &Self) -> String {
        let mut text = String::new();
        for line in second.lines.iter().filter(|(title, _)| self.lines.contains_key(*title)).flat_map(|(_, lines)| lines) {
            let _ = writeln!(text, "WARNING: fallen by more than a fifth: {line}");
        }
        for unknown in &self.unknown {
            let _ = writeln!(text, "never accepted: {unknown}");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contest::Contest;
    use crate::sums::Sums;

    fn results(title: &str, rows: [u64; 2]) -> Results {
        let nothing = |_: &mut crate::measure::Stopwatch| Ok(Sums::default());
        let contest = Contest::new(title, crate::measure::Clock::Wall).subject("kolumn", nothing).peer("peer", 2.0, nothing);
        let mut results = contest.run(1, false).unwrap();
        for (peer, rows) in results.peers.iter_mut().zip(rows) {
            for run in &mut peer.runs {
                run.sums.rows = rows;
                run.seconds = 1.0;
            }
        }
        results
    }

    fn accepted(ratio: f64) -> Accepted {
        let ratios = Ratios::from([("work".into(), BTreeMap::from([("peer".into(), ratio)]))]);
        Accepted { profiles: BTreeMap::from([("release".into(), ratios)]) }
    }

    #[test]
    fn a_ratio_that_falls_by_more_than_a_fifth_is_named() {
        let results = [results("work", [79, 10])];
        assert_eq!(accepted(9.8).behind("release", &results), Fallen::default());
        let fallen = accepted(10.0).behind("release", &results);
        assert!(fallen.names(&results[0]));
        assert_eq!(fallen.still(&fallen), "WARNING: fallen by more than a fifth: work: 7.90 x peer, accepted are 10.00 x\n");
    }

    #[test]
    fn what_falls_once_and_not_again_is_not_warned_of() {
        let first = accepted(10.0).behind("release", &[results("work", [79, 10])]);
        let second = accepted(10.0).behind("release", &[results("work", [90, 10])]);
        assert_eq!(first.still(&second), "");
    }

    #[test]
    fn ratios_of_another_profile_or_another_contest_are_not_compared() {
        let fallen = accepted(10.0).behind("measure", &[results("work", [1, 10])]);
        assert_eq!(fallen.still(&fallen), "never accepted: work: peer in profile measure\n");
        let fallen = accepted(10.0).behind("release", &[results("other work", [1, 10])]);
        assert_eq!(fallen.still(&fallen), "never accepted: other work: peer in profile release\n");
    }
}
