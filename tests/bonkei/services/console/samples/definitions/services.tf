# Where the sample's service is written; this is not evaluated.
resource "aws_ecs_service" "app" {
  name = "app"
}
