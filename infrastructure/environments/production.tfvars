# Highly available: everything in three zones, a database reader for failover, nothing on Spot.
# The pipeline's stack sets both and takes precedence.
service_name           = "statuspage"
environment_identifier = "production"

availability_zones               = ["ap-northeast-1a", "ap-northeast-1c", "ap-northeast-1d"]
endpoint_availability_zone_count = 3

price_class         = "PriceClass_All"
container_insights  = "enhanced"
log_retention_days  = 90
deletion_protection = true

# domain = { name = "status.example.com", hosted_zone_id = "Z0123456789ABCDEFGHIJ" }

backend = {
  cpu     = 512
  memory  = 1024
  scaling = { min_capacity = 3, max_capacity = 12 }
}

frontend = {
  cpu     = 512
  memory  = 1024
  scaling = { min_capacity = 3, max_capacity = 12 }
}

database = {
  instance_class        = "db.r8g.large"
  instance_count        = 2
  backup_retention_days = 35
}

source_repository = { codecommit_repository_name = "statuspage" }

fallback_emails = ["on-call@example.com"]
