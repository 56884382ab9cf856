"""What a site's card-hours yield in each kind of workload; one module a kind, one shape of result."""
