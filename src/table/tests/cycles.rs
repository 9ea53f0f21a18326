//! When rows become visible.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::*;

fn driven(writer: &Writer) -> tokio::task::JoinHandle<()> {
    let publisher = writer.publisher.clone();
    tokio::spawn(async move { publisher.cycles().await })
}

async fn until(what: impl Fn() -> bool) -> Duration {
    let began = Instant::now();
    while !what() {
        sleep(Duration::from_millis(1)).await;
        assert!(began.elapsed() < Duration::from_secs(5), "it never came");
    }
    began.elapsed()
}

#[tokio::test(start_paused = true)]
async fn news_after_a_quiet_time_are_visible_at_once_and_those_after_a_cycle_when_its_time_is_over() {
    let writer = Writer::new();
    let table = writer.plain(TableType::Append, &[(0, 0)]);
    let _driver = driven(&writer);
    sleep(Duration::from_millis(50)).await;
    writer.append(&[(0, 1)]);
    tokio::task::yield_now().await;
    tokio::task::yield_now().await;
    assert_eq!(table.snapshot().rows(), 1, "no time has passed");
    sleep(Duration::from_millis(3)).await;
    writer.append(&[(0, 1)]);
    sleep(Duration::from_millis(5)).await;
    assert_eq!(table.snapshot().rows(), 1, "the last cycle is 8 ms ago");
    let waited = until(|| table.snapshot().rows() == 2).await;
    assert!(waited <= Duration::from_millis(3), "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn without_news_there_is_no_cycle() {
    let writer = Writer::new();
    let table = writer.plain(TableType::Append, &[(0, 0)]);
    let _driver = driven(&writer);
    writer.append(&[(0, 1)]);
    until(|| table.snapshot().rows() == 1).await;
    let cycle = table.snapshot().cycle();
    sleep(Duration::from_secs(60)).await;
    assert_eq!(table.snapshot().cycle(), cycle);
}

#[tokio::test(start_paused = true)]
async fn a_blink_table_is_emptied_when_the_cycle_is_over() {
    let writer = Writer::new();
    let table = writer.plain(TableType::Blink, &[(0, 0)]);
    let _driver = driven(&writer);
    sleep(Duration::from_millis(50)).await;
    writer.append(&[(0, 4)]);
    until(|| table.snapshot().rows() == 4).await;
    let waited = until(|| table.snapshot().rows() == 0).await;
    assert!(waited >= Duration::from_millis(8) && waited <= Duration::from_millis(11), "{waited:?}");
    let cycle = table.snapshot().cycle();
    sleep(Duration::from_secs(1)).await;
    assert_eq!(table.snapshot().cycle(), cycle);
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_an_update_is_woken_by_the_cycle() {
    let writer = Writer::new();
    let table = writer.plain(TableType::Append, &[(0, 0)]);
    let mut updates = table.updates();
    assert_eq!(updates.next().await.map(|update| update.added_rows()), Some(0));
    let _driver = driven(&writer);
    let waiting = tokio::spawn(async move {
        let mut rows = 0;
        while rows < 5 {
            rows += updates.next().await.expect("an update").added_rows();
        }
        rows
    });
    sleep(Duration::from_millis(1)).await;
    writer.append(&[(0, 5)]);
    assert_eq!(waiting.await.expect("no panic"), 5);
}

#[tokio::test(start_paused = true)]
async fn the_driver_ends_with_the_consumption() {
    let writer = Writer::new();
    let table = writer.plain(TableType::Append, &[(0, 0)]);
    let driver = driven(&writer);
    writer.append(&[(0, 5)]);
    sleep(Duration::from_millis(1)).await;
    writer.append(&[(0, 5)]);
    writer.publisher.finish(End::Complete);
    driver.await.expect("no panic");
    assert_eq!(table.snapshot().rows(), 10, "the last cycle shows what was appended last");
}

#[tokio::test(start_paused = true)]
async fn a_busy_topic_has_as_many_cycles_as_fit_in_although_timers_are_late() {
    // Timers have steps of a millisecond: each of these is late by half of one.
    let cycle = Duration::from_micros(2500);
    let writer = Writer::with(CycleSettings { cycle, ..CycleSettings::default() }, 1 << 20);
    let table = writer.plain(TableType::Append, &[(0, 0)]);
    let _driver = driven(&writer);
    for _ in 0..1000 {
        writer.append(&[(0, 1)]);
        sleep(Duration::from_millis(1)).await;
    }
    let cycles = table.snapshot().cycle();
    assert!((390..=402).contains(&cycles), "{cycles} cycles of 2.5 ms in a second");
}

/// Text whose memory says, when it goes, whether anybody could have looked at the table at that moment.
struct Watched {
    text: Vec<u8>,
    is_free: Box<dyn Fn() -> bool + Send + Sync>,
    freed: Arc<Mutex<Vec<bool>>>,
}

impl AsRef<[u8]> for Watched {
    fn as_ref(&self) -> &[u8] {
        &self.text
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.freed.lock().expect("freed").push((self.is_free)());
    }
}

#[test]
fn rows_that_leave_a_table_are_freed_when_nobody_is_held_up_by_it() {
    for table_type in [TableType::Blink, TableType::Ring(5)] {
        let writer = Writer::new();
        let table = writer.plain(table_type, &[(0, 0)]);
        let freed = Arc::new(Mutex::new(Vec::new()));
        for _ in 0..4 {
            let mut chunk = writer.chunk(&[(0, 5)]);
            let (schema, mut columns, _) = chunk.batch.into_parts();
            let texts = columns[2].as_string::<i32>();
            let core = Arc::downgrade(table.core());
            let is_free = move || {
                let Some(core) = core.upgrade() else { return false };
                core.gate.try_lock().is_ok() && core.graph.try_lock().is_ok() && core.intake.try_lock().is_ok()
            };
            let (text, is_free) = (texts.values().to_vec(), Box::new(is_free));
            let watched = bytes::Bytes::from_owner(Watched { text, is_free, freed: Arc::clone(&freed) });
            columns[2] = Arc::new(StringArray::new(texts.offsets().clone(), watched.into(), None));
            chunk.batch = RecordBatch::try_new(schema, columns).expect("the same columns");
            writer.publisher.append(chunk).expect("a chunk in its place");
            writer.cycle();
        }
        assert_eq!(freed.lock().expect("freed").as_slice(), [true; 3], "{table_type}");
    }
}
