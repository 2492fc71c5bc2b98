//! Where a network's time goes: `cargo run --release --example profile -- models/full-5.onnx [ROWSxCOLUMNS]`
//!
//! One line a step: the least time of 50 runs, its share, and how many multiplications a nanosecond it does. What this runtime refuses
//! as unsupported tract runs, and says so, where this was compiled in tract/ (docs/PACKS.md).

use brow::model::{ModelError, Network, OpenOther};
use std::time::{Duration, Instant};

const RUNS: usize = 50;

type Outcome = Result<(), Box<dyn std::error::Error>>;

fn main() -> Outcome {
    run(None)
}

/// With another runtime, of which only whole networks are measured.
pub fn run(other: Option<OpenOther>) -> Outcome {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().ok_or("usage: profile MODEL.onnx [ROWSxCOLUMNS]")?;
    let dims = match arguments.next() {
        None => None,
        Some(size) => {
            let (rows, columns) = size.split_once('x').ok_or("the size is ROWSxCOLUMNS, such as 256x320")?;
            Some([1, 3, rows.parse()?, columns.parse()?])
        }
    };
    let bytes = std::fs::read(path)?;
    let start = Instant::now();
    let mut network = match (Network::from_onnx(&bytes, dims), other) {
        (Err(refused @ ModelError::Unsupported { .. }), Some(open)) => return whole(&bytes, dims, open, &refused),
        (network, _) => network?,
    };
    let loading = start.elapsed();
    let steps = network.steps();
    let image = vec![0.5; network.input_dims().iter().product()];
    let mut least = vec![Duration::MAX; steps.len()];
    let mut least_run = Duration::MAX;
    for _ in 0..RUNS {
        let start = Instant::now();
        let mut before = start;
        network.run_observed(&image, |step| {
            let now = Instant::now();
            least[step] = least[step].min(now - before);
            before = now;
        })?;
        least_run = least_run.min(start.elapsed());
    }
    let total: f64 = least.iter().map(Duration::as_secs_f64).sum();
    println!("{:>9} {:>6} {:>7}  step", "us", "share", "mul/ns");
    for ((name, what, work), time) in steps.iter().zip(&least) {
        let seconds = time.as_secs_f64();
        let rate = *work as f64 / seconds.max(1e-9) * 1e-9;
        println!("{:9.1} {:5.1}% {rate:7.2}  {name}: {what}", seconds * 1e6, 100.0 * seconds / total);
    }
    let work: u64 = steps.iter().map(|(_, _, work)| work).sum();
    println!(
        "run {:.3} ms (steps {:.3}), {:.1} M multiplications, loading {:.1} ms, working memory {:.2} MB",
        least_run.as_secs_f64() * 1e3,
        total * 1e3,
        work as f64 * 1e-6,
        loading.as_secs_f64() * 1e3,
        network.arena_bytes() as f64 * 1e-6
    );
    Ok(())
}

/// What the other runtime takes for a network that this one refused.
fn whole(bytes: &[u8], dims: Option<[usize; 4]>, open: OpenOther, refused: &ModelError) -> Outcome {
    let dims = dims.ok_or("tract needs the size of the picture: ROWSxCOLUMNS, such as 112x112")?;
    let start = Instant::now();
    let mut network = open(bytes, dims).map_err(|e| e.to_string())?;
    let loading = start.elapsed();
    let image = vec![0.5; dims.iter().product()];
    let mut least = Duration::MAX;
    for _ in 0..RUNS {
        let start = Instant::now();
        network.run(&image)?;
        least = least.min(start.elapsed());
    }
    println!("on tract, since {refused}");
    println!("run {:.3} ms, {} numbers, loading {:.1} ms", least.as_secs_f64() * 1e3, network.length(), loading.as_secs_f64() * 1e3);
    Ok(())
}
