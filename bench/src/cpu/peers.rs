//! The peers that are asked for.

use crease_cli::terminal::CliError;
use serde_json::json;

use super::arguments::{Arguments, THREADS};
use crate::peer::{Peer, Variant, Whose};
use crate::report::Report;
use crate::times::At;

/// Those of some peers that are asked for and start; a line for each that does not.
pub(super) fn peers(
    report: &mut Report,
    arguments: &Arguments,
    among: &[Whose],
    at: &At,
) -> Result<Vec<Peer>, CliError> {
    let mut peers = Vec::new();
    let asked = arguments.against.iter().filter(|whose| among.contains(whose));
    for variant in asked.flat_map(|whose| whose.variants()) {
        let name = Variant::name(*variant);
        report.doing(format!("{name} loads at {at}"));
        match variant.start(&arguments.peers, at, THREADS) {
            Ok(peer) => {
                let text = format!("{at} {name}: ready, {}", peer.versions);
                report.line("peer", &text, None, json!({ "peer": name, "versions": peer.versions }))?;
                peers.push(peer);
            }
            Err(why) => {
                let text = format!("{at} {name}: {why}");
                report.line("peer", &text, None, json!({ "peer": name, "failed": why }))?;
            }
        }
    }
    Ok(peers)
}
