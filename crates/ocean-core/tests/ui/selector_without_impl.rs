use futures::{Stream, stream};
use ocean_core::{Batch, Integration, NoSelector, ResyncContext, SourceError, kinds};

kinds! { enum Kinds { Ticket = "ticket" } }

#[derive(Clone)]
struct Desk;

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct TicketSelector {
    #[allow(dead_code)]
    label: String,
}

fn on_resync_tickets(
    _: Desk,
    _: ResyncContext<TicketSelector>,
) -> impl Stream<Item = Result<Batch, SourceError>> {
    stream::empty()
}

fn main() {
    let _ = Integration::new(Desk).on_resync(Kinds::Ticket, on_resync_tickets);
}
