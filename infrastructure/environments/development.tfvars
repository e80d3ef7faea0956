# Cheap: one task each on Spot, one small database instance, endpoints in one zone. It is down while its
# zone is. After a destroy nothing costs money.
# The pipeline's stack sets both and takes precedence.
service_name           = "statuspage"
environment_identifier = "development"

capacity_provider   = "FARGATE_SPOT"
container_insights  = "disabled"
deletion_protection = false

log_retention_days        = 7
log_bucket_retention_days = 30

backend = {
  cpu     = 256
  memory  = 512
  scaling = { min_capacity = 1, max_capacity = 2 }
}

frontend = {
  cpu     = 256
  memory  = 512
  scaling = { min_capacity = 1, max_capacity = 2 }
}

database = {
  instance_class        = "db.serverless"
  instance_count        = 1
  serverless_capacity   = { min = 0.5, max = 2 }
  backup_retention_days = 1
}

source_repository = { codecommit_repository_name = "statuspage" }
