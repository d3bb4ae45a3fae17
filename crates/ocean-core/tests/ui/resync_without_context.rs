use futures::{Stream, stream};
use ocean_core::{Batch, Integration, NoSelector, ResyncContext, SourceError, kinds};

kinds! { enum Kinds { Ticket = "ticket" } }

#[derive(Clone)]
struct Desk;

fn on_resync_tickets(_: Desk) -> impl Stream<Item = Result<Batch, SourceError>> {
    stream::empty()
}

fn main() {
    let _ = Integration::new(Desk).on_resync(Kinds::Ticket, on_resync_tickets);
}
