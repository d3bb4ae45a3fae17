use futures::{Stream, stream};
use ocean_core::{Batch, Integration, NoSelector, ResyncContext, SourceError, kinds};

kinds! { enum Kinds { Ticket = "ticket" } }

#[derive(Clone)]
struct Desk;

struct TicketWebhookProcessor;

fn main() {
    let _ = Integration::new(Desk).add_webhook_processor("/webhook", TicketWebhookProcessor);
}
