//! The commands; nothing else.

use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use family_pairing::{
    admin::{self, Admin, Rules},
    api::openapi::Document,
    app::{self, App},
    client::{bench, device, guardian, seed, story},
    config::{DatabaseConfig, ServeConfig},
    conformance::{self, ConformanceArgs},
    serve::Node,
    store::migrate,
    telemetry,
};

/// Families pair accounts: a guardian sets limits, every device of the teen applies them and says so.
#[derive(Parser)]
#[command(version, about)]
struct Cli {
    /// What to log: a level or a tracing directive
    #[arg(long, global = true, env = "FAMILY_PAIRING_LOG", default_value = "info")]
    log: String,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the API and the sockets
    Serve(Box<ServeConfig>),
    /// Bring the database's tables to where this program needs them
    Migrate(DatabaseConfig),
    /// Print the OpenAPI document
    Openapi,
    /// Ask a server whether it is alive; for container health checks
    Healthcheck(HealthcheckArgs),
    /// For operators
    #[command(subcommand)]
    Admin(Admin),
    /// The rules of law: what they say, what others would change, and how others come to hold
    #[command(subcommand)]
    Rules(Box<Rules>),
    /// Be a teen's device in the terminal
    Device(Box<device::DeviceArgs>),
    /// Be a guardian in the terminal
    Guardian(Box<guardian::GuardianArgs>),
    /// Play the whole main job against a running server
    Story(story::StoryArgs),
    /// Measure a running server under load
    Bench(bench::BenchArgs),
    /// Certify a client by the published cases, or be one
    Conformance(ConformanceArgs),
    /// For demonstrations
    #[command(subcommand)]
    Demo(Demo),
}

#[derive(Args)]
struct HealthcheckArgs {
    /// What to ask
    #[arg(long, default_value = "http://127.0.0.1:8080/healthz")]
    url: String,
}

#[derive(Subcommand)]
enum Demo {
    /// Make a family through the public API
    Seed(seed::SeedArgs),
}

type Outcome<T = ()> = Result<T, Box<dyn std::error::Error>>;

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    #[cfg(feature = "failpoints")]
    let _armed = family_pairing::failpoint::arm();
    match run(cli).await {
        Ok(code) => code,
        Err(error) => {
            eprintln!("family-pairing: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(cli: Cli) -> Outcome<ExitCode> {
    let world = app::system_world();
    match cli.command {
        Command::Serve(config) => {
            telemetry::start_logging(&cli.log);
            serve(*config).await?;
        }
        Command::Migrate(database) => migrate(&database).await?,
        Command::Openapi => println!("{}", Document::new()?.json),
        Command::Healthcheck(args) => healthcheck(&args.url).await?,
        Command::Admin(command) => admin::run(command, world).await?,
        Command::Rules(command) => {
            telemetry::start_logging(&cli.log);
            return Ok(command.run(world).await?);
        }
        Command::Device(args) => device::run(*args, world).await?,
        Command::Guardian(args) => guardian::run(*args, world).await?,
        Command::Story(args) => story::run(args, world).await?,
        Command::Bench(args) => bench::run(args, world).await?,
        Command::Conformance(args) => conformance::run(args, world).await?,
        Command::Demo(Demo::Seed(args)) => seed::run(args, world).await?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn serve(config: ServeConfig) -> Outcome {
    let metrics = telemetry::start_metrics()?;
    let upkeep = metrics.clone();
    tokio::spawn(async move {
        // Histograms grow with every sample unless this runs.
        let mut ticks = tokio::time::interval(std::time::Duration::from_secs(5));
        loop {
            ticks.tick().await;
            upkeep.run_upkeep();
        }
    });
    let app = App::build(&config, app::system_world(), metrics).await?;
    let node = Node::start(app, &config)?;
    tracing::info!(address = %node.address, public_url = config.public_url, "serving");
    Ok(node.run().await?)
}

async fn migrate(database: &DatabaseConfig) -> Outcome {
    let ran = migrate::up(&database.database_url).await?;
    match ran.as_slice() {
        [] => println!("The tables are up to date."),
        ran => ran.iter().for_each(|name| println!("Ran migration {name}.")),
    }
    Ok(())
}

async fn healthcheck(url: &str) -> Outcome {
    let answer = reqwest::get(url).await?;
    match answer.status().is_success() {
        true => Ok(()),
        false => Err(format!("{url} answered {}", answer.status()).into()),
    }
}
