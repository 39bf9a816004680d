//! The deployment, without an engine of containers: what helm and compose make of our files is checked by Kubernetes' and
//! compose's own code, and what stands in them is run: commands, health checks, the load balancer's and Prometheus'
//! configuration, every query of the dashboard.

mod balancer;
mod chart;
mod compose;
mod dashboard;
mod image;
mod kafka;
mod programs;
mod prometheus;
