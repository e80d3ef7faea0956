output "trail_bucket" {
  description = "Bucket of the trail; null: there is none"
  value       = one(module.trail_bucket[*].name)
}
