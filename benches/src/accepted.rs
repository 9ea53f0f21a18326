//! The ratios that have been accepted, in `accepted.toml`, and what has fallen behind them.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::Outcome;
use crate::contest::Results;

/// A ratio may be less than the accepted one by a fifth: machines differ, and so do their moods.
const TOLERATED: f64 = 0.8;

/// Ratios by contest and peer.
type Ratios = BTreeMap<String, BTreeMap<String, f64>>;

fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("accepted.toml")
}

fn read() -> Outcome<Ratios> {
    Ok(toml::from_str(&std::fs::read_to_string(path())?)?)
}

/// A line for each ratio that is less than four fifths of the accepted one.
pub(crate) fn fallen(results: &[Results]) -> Outcome<Vec<String>> {
    Ok(behind(&read()?, results))
}

fn behind(accepted: &Ratios, results: &[Results]) -> Vec<String> {
    let mut fallen = Vec::new();
    for contest in results {
        for (peer, ratio) in contest.ratios() {
            match accepted.get(&contest.title).and_then(|peers| peers.get(&peer.name)) {
                Some(accepted) if ratio < accepted * TOLERATED => {
                    fallen.push(format!("{}: {:.2} x {}, accepted are {accepted:.2} x", contest.title, ratio, peer.name));
                }
                Some(_) => {}
                None => fallen.push(format!("{}: no ratio to {} has been accepted", contest.title, peer.name)),
            }
        }
    }
    fallen
}

/// Writes the ratios down as accepted, beside those of contests that were not run.
pub(crate) fn accept(results: &[Results]) -> Outcome {
    let mut ratios = read().unwrap_or_default();
    for contest in results {
        let measured = contest.ratios().map(|(peer, ratio)| (peer.name.clone(), (ratio * 100.0).round() / 100.0));
        ratios.insert(contest.title.clone(), measured.collect());
    }
    let text = toml::to_string(&ratios)?;
    std::fs::write(
        path(),
        format!("# How many times as fast as each peer kolumn is: the last accepted figures. `--accept` writes them.\n\n{text}"),
    )?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contest::Contest;
    use crate::sums::Sums;

    #[test]
    fn a_ratio_that_falls_by_more_than_a_fifth_is_named() {
        let nothing = |_: &mut crate::measure::Stopwatch| Ok(Sums::default());
        let mut results = Contest::new("work", crate::measure::Clock::Wall)
            .subject("kolumn", nothing)
            .peer("peer", 2.0, nothing)
            .run(1, false)
            .unwrap();
        for (peer, rows) in results.peers.iter_mut().zip([79, 10]) {
            for run in &mut peer.runs {
                run.sums.rows = rows;
                run.seconds = 1.0;
            }
        }
        let accepted = |ratio: f64| Ratios::from([("work".into(), BTreeMap::from([("peer".into(), ratio)]))]);
        assert_eq!(behind(&accepted(9.8), &[results.clone()]), Vec::<String>::new());
        assert_eq!(behind(&accepted(10.0), &[results.clone()]), ["work: 7.90 x peer, accepted are 10.00 x"]);
        assert_eq!(behind(&Ratios::new(), &[results]), ["work: no ratio to peer has been accepted"]);
    }
}
