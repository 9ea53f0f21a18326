//! JSON documents of eleven kinds into Arrow columns, by each decoder, and by kolumn with each set of instructions.

mod columns;
mod data;
mod peers;

use self::columns::digest;
use self::data::{Documents, Variant};
use self::peers::{BATCH_ROWS, KERNELS, PEERS, Peer, SUBJECTS, peer};
use crate::Outcome;
use crate::arguments::Measure;
use crate::contest::{Contest, PeerRuns, Results};
use crate::measure::{Clock, Stopwatch};
use crate::sums::Sums;

const SEED: u64 = 1;

pub(crate) fn run(arguments: &Measure) -> Outcome<Vec<Results>> {
    let mut results = Vec::new();
    for (name, variant, goal) in Variant::ALL {
        let documents = Documents::generate(variant, arguments.rows, SEED);
        let payloads = documents.payloads();
        let mut contest = Contest::new(format!("JSON {name}, {} bytes", documents.mean()), Clock::Cpu).bytes(documents.bytes());
        for name in SUBJECTS {
            if let Some(mut found) = peer(name, variant)? {
                let payloads = &payloads;
                contest = contest.subject(name, move |watch| decode(watch, found.as_mut(), payloads));
            }
        }
        for name in PEERS {
            if let Some(mut found) = peer(name, variant)? {
                let payloads = &payloads;
                let goal = if name == "arrow-json" { goal } else { 1.0 };
                contest = contest.peer(name, goal, move |watch| decode(watch, found.as_mut(), payloads));
            }
        }
        let all = contest.run(arguments.rounds, true)?;
        let kernels: Vec<Results> =
            KERNELS.iter().filter_map(|(kernel, title)| of_kernel(&all, kernel, title, variant.goal(kernel, goal))).collect();
        results.push(all);
        results.extend(kernels);
    }
    Ok(results)
}

/// The same runs with a kernel that is not the machine's best as the subject, and arrow-json as its peer.
fn of_kernel(all: &Results, kernel: &str, title: &str, goal: f64) -> Option<Results> {
    let runs = |name: &str| all.peers.iter().find(|peer| peer.name == name).cloned();
    let peer = PeerRuns { goal: Some(goal), ..runs("arrow-json")? };
    Some(Results { title: format!("{}, {title}", all.title), peers: vec![runs(kernel)?, peer], ..all.clone() })
}

fn decode(watch: &mut Stopwatch, peer: &mut dyn Peer, payloads: &[Option<&[u8]>]) -> Outcome<Sums> {
    let (mut sum, mut rows) = (0, 0);
    for payloads in payloads.chunks(BATCH_ROWS) {
        let batch = watch.measure(|| peer.decode(payloads))?;
        rows += batch.num_rows();
        sum = digest(&batch, sum);
    }
    let mut sums = Sums::default();
    sums.add(rows, [sum.cast_signed()]);
    Ok(sums)
}
