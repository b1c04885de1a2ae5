//! What holds for every configuration, whoever wrote it; the fuzz target calls the same function.

use serde::Deserialize;
use vehicle_agent::config::{Budget, Config};
use vehicle_protocol::Advice;
use vehicle_protocol::Epoch;
use vehicle_settings::{Field, Layers, Origin, Problem, Problems};

/// A configuration is good in all its parts, or every problem says where it lies and what to do.
///
/// One that names files of the broker is left alone, for these would be opened.
pub fn configuration(text: &str) {
    let layers = Layers::new().text("agent.toml", text);
    if names_a_file(layers.clone()) {
        return;
    }
    match Config::resolve(layers.clone()) {
        Ok(config) => good(&config),
        Err(problems) => {
            helpful(text, &problems);
            let (Ok((.., rest)) | Err(rest)) = Config::resolve_board(layers);
            assert_eq!(rest, problems);
        }
    }
}

#[derive(Deserialize)]
struct Named {
    broker: NamedFiles,
}

#[derive(Deserialize)]
#[expect(clippy::struct_field_names, reason = "the keys as they stand in the configuration")]
struct NamedFiles {
    password_file: Field<String>,
    ca_file: Field<String>,
    cert_file: Field<String>,
    key_file: Field<String>,
}

/// Asks the reader of settings itself, so that no spelling of a key gets past.
fn names_a_file(layers: Layers) -> bool {
    let mut named = false;
    let _ = layers.resolve(|Named { broker }, _: &mut Problems| {
        named = [broker.password_file, broker.ca_file, broker.cert_file, broker.key_file]
            .iter()
            .any(Field::is_given);
        None::<()>
    });
    named
}

fn good(config: &Config) {
    assert_eq!(config.root.to_string().parse().as_ref(), Ok(&config.root));
    assert_eq!(config.endpoint.url.to_string().parse().as_ref(), Ok(&config.endpoint.url));
    let limits = &config.limits;
    let positive = [
        limits.speed,
        limits.full_speed,
        limits.speed_step,
        limits.acceleration,
        limits.deceleration,
        limits.turn_rate,
        limits.turn_acceleration,
        config.autonomy.speed,
        config.autonomy.distance,
    ];
    assert!(positive.iter().all(|number| number.is_finite() && *number > 0.0), "{config:?}");
    assert!(limits.speed <= limits.full_speed && limits.speed_step <= limits.speed, "{limits:?}");
    assert!(config.autonomy.speed <= limits.speed, "{config:?}");
    let used = Budget::used(limits, config.timing);
    assert!(used.drive <= config.budget.drive && used.discrete <= config.budget.discrete, "{config:?}");
    assert!(!config.timing.tick.is_zero() && !config.timing.max_hold.is_zero(), "{config:?}");
    assert_eq!(config.setup(Epoch::default(), true).vehicle, config.vehicle);
}

fn helpful(text: &str, problems: &Problems) {
    assert!(!problems.is_empty());
    for problem in problems {
        let Problem { advice: Advice { what, next_step }, origin, .. } = problem;
        assert!(!what.is_empty() && !next_step.is_empty(), "{problem:?}");
        if let Some(Origin::File { file, line }) = origin {
            let lines = text.split('\n').count();
            assert!(file == "agent.toml" && (1..=lines).contains(line), "{problem:?} of {lines} lines");
        }
    }
    let said = problems.to_string();
    let most = text.len().saturating_add(4096).saturating_mul(problems.len().saturating_add(8));
    assert!(said.len() <= most, "{} bytes about {}", said.len(), text.len());
}
