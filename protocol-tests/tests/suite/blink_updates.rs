//! A blink table forgets its rows with each cycle: who is to see all of them must have subscribed before the first.

use crate::common::{consume, numbered, within};
use futures_util::StreamExt;
use kolumn::{Stop, TableType};

#[tokio::test]
async fn updates_that_come_with_the_table_have_every_row_however_late_they_are_read() {
    let cluster = numbered(1, 3, 5_000, 100);
    let description = consume(&cluster).until(Stop::End).table(TableType::Blink).with_updates();
    let (table, mut updates) = within(description.into_future()).await.expect("a table");
    within(table.finished()).await.expect("the table is complete");
    assert_eq!(table.snapshot().rows(), 0, "its last cycle is over");
    let mut rows = 0;
    let mut account = None;
    while let Some(update) = within(updates.next()).await {
        assert_eq!(update.missed(), 0);
        rows += update.added_rows();
        account = Some(update.positions().clone());
    }
    assert_eq!(rows, 15_000);
    let account = account.expect("there was an update");
    assert!(account.iter().all(|(_, position)| position.account.adds_up() && position.account.rows == 5_000));
}
