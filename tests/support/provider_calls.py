"""The AWS calls of the provider for each type of resource, as far as IAM requires a permission.

`READS` at every refresh; `WRITES` to create, change and delete a resource. From the provider's
resources (internal/service/* of hashicorp/terraform-provider-aws, 6.x), and the permissions that
its documentation and the Service Authorization Reference give for these calls.
"""

from __future__ import annotations

_TABLE = """
acm_certificate: DescribeCertificate ListTagsForCertificate | RequestCertificate AddTagsToCertificate DeleteCertificate
acm_certificate_validation: DescribeCertificate |
application-autoscaling_policy: DescribeScalingPolicies | PutScalingPolicy DeleteScalingPolicy
application-autoscaling_target: DescribeScalableTargets ListTagsForResource | RegisterScalableTarget DeregisterScalableTarget TagResource
athena_named_query: GetNamedQuery | CreateNamedQuery DeleteNamedQuery
athena_workgroup: GetWorkGroup ListTagsForResource | CreateWorkGroup UpdateWorkGroup DeleteWorkGroup TagResource
backup_plan: GetBackupPlan ListTags | CreateBackupPlan UpdateBackupPlan DeleteBackupPlan TagResource
backup_selection: GetBackupSelection | CreateBackupSelection DeleteBackupSelection
backup_vault: DescribeBackupVault ListTags | CreateBackupVault DeleteBackupVault TagResource backup-storage:MountCapsule kms:CreateGrant kms:DescribeKey
budgets_budget: ViewBudget ListTagsForResource | ModifyBudget TagResource UntagResource
ce_anomaly_monitor: GetAnomalyMonitors ListTagsForResource | CreateAnomalyMonitor UpdateAnomalyMonitor DeleteAnomalyMonitor TagResource UntagResource
ce_anomaly_subscription: GetAnomalySubscriptions ListTagsForResource | CreateAnomalySubscription UpdateAnomalySubscription DeleteAnomalySubscription TagResource UntagResource
cloudfront_cache_policy: GetCachePolicy | CreateCachePolicy UpdateCachePolicy DeleteCachePolicy
cloudfront_distribution: GetDistribution ListTagsForResource | CreateDistribution UpdateDistribution DeleteDistribution TagResource
cloudfront_response_headers_policy: GetResponseHeadersPolicy | CreateResponseHeadersPolicy UpdateResponseHeadersPolicy DeleteResponseHeadersPolicy
cloudtrail: DescribeTrails GetTrailStatus GetEventSelectors GetInsightSelectors ListTags | CreateTrail UpdateTrail StartLogging DeleteTrail AddTags
cloudwatch_composite_alarm: DescribeAlarms ListTagsForResource | PutCompositeAlarm DeleteAlarms TagResource
cloudwatch_dashboard: GetDashboard | PutDashboard DeleteDashboards
cloudwatch_metric_alarm: DescribeAlarms ListTagsForResource | PutMetricAlarm DeleteAlarms TagResource
codebuild_project: BatchGetProjects | CreateProject UpdateProject DeleteProject
codepipeline: GetPipeline ListTagsForResource | CreatePipeline UpdatePipeline DeletePipeline TagResource
ec2_default_security_group: DescribeSecurityGroups | RevokeSecurityGroupIngress RevokeSecurityGroupEgress CreateTags
ec2_eip: DescribeAddresses DescribeAddressesAttribute | AllocateAddress ReleaseAddress DisassociateAddress CreateTags
ec2_flow_log: DescribeFlowLogs | CreateFlowLogs DeleteFlowLogs CreateTags
ec2_internet_gateway: DescribeInternetGateways | CreateInternetGateway AttachInternetGateway DetachInternetGateway DeleteInternetGateway CreateTags
ec2_nat_gateway: DescribeNatGateways | CreateNatGateway DeleteNatGateway CreateTags
ec2_route: DescribeRouteTables | CreateRoute ReplaceRoute DeleteRoute
ec2_route_table: DescribeRouteTables | CreateRouteTable DeleteRouteTable CreateTags
ec2_route_table_association: DescribeRouteTables | AssociateRouteTable ReplaceRouteTableAssociation DisassociateRouteTable
ec2_security_group: DescribeSecurityGroups DescribeNetworkInterfaces | CreateSecurityGroup DeleteSecurityGroup RevokeSecurityGroupEgress CreateTags
ec2_subnet: DescribeSubnets | CreateSubnet ModifySubnetAttribute DeleteSubnet CreateTags
ec2_vpc: DescribeVpcs DescribeVpcAttribute DescribeNetworkAcls DescribeRouteTables DescribeSecurityGroups | CreateVpc ModifyVpcAttribute DeleteVpc CreateTags
ec2_vpc_endpoint: DescribeVpcEndpoints DescribePrefixLists DescribeNetworkInterfaces | CreateVpcEndpoint ModifyVpcEndpoint DeleteVpcEndpoints CreateTags route53:AssociateVPCWithHostedZone
ec2_vpc_security_group_egress_rule: DescribeSecurityGroupRules | AuthorizeSecurityGroupEgress ModifySecurityGroupRules RevokeSecurityGroupEgress CreateTags
ec2_vpc_security_group_ingress_rule: DescribeSecurityGroupRules | AuthorizeSecurityGroupIngress ModifySecurityGroupRules RevokeSecurityGroupIngress CreateTags
ecr_lifecycle_policy: GetLifecyclePolicy | PutLifecyclePolicy DeleteLifecyclePolicy
ecr_repository: DescribeRepositories ListTagsForResource | CreateRepository DeleteRepository TagResource kms:CreateGrant kms:DescribeKey
ecs_cluster: DescribeClusters | CreateCluster UpdateCluster DeleteCluster TagResource
ecs_cluster_capacity_providers: DescribeClusters | PutClusterCapacityProviders
ecs_service: DescribeServices ListServiceDeployments DescribeServiceDeployments | CreateService UpdateService DeleteService TagResource
ecs_task_definition: DescribeTaskDefinition ListTaskDefinitions | RegisterTaskDefinition DeregisterTaskDefinition TagResource
elasticloadbalancing_lb: DescribeLoadBalancers DescribeLoadBalancerAttributes DescribeTags | CreateLoadBalancer ModifyLoadBalancerAttributes SetSecurityGroups DeleteLoadBalancer AddTags
elasticloadbalancing_lb_listener: DescribeListeners DescribeListenerAttributes DescribeTags | CreateListener ModifyListener DeleteListener AddTags
elasticloadbalancing_lb_listener_rule: DescribeRules DescribeTags | CreateRule ModifyRule SetRulePriorities DeleteRule AddTags
elasticloadbalancing_lb_target_group: DescribeTargetGroups DescribeTargetGroupAttributes DescribeTags | CreateTargetGroup ModifyTargetGroup ModifyTargetGroupAttributes DeleteTargetGroup AddTags
events_rule: DescribeRule ListTagsForResource | PutRule DeleteRule TagResource
events_target: ListTargetsByRule | PutTargets RemoveTargets
glue_catalog_database: GetDatabase GetTags | CreateDatabase UpdateDatabase DeleteDatabase TagResource
glue_catalog_table: GetTable GetPartitionIndexes | CreateTable UpdateTable DeleteTable
guardduty_detector: GetDetector | CreateDetector UpdateDetector DeleteDetector TagResource
iam_role: GetRole ListRolePolicies ListAttachedRolePolicies ListRoleTags | CreateRole UpdateRole UpdateAssumeRolePolicy PutRolePermissionsBoundary DeleteRole TagRole PassRole
iam_role_policy: GetRolePolicy | PutRolePolicy DeleteRolePolicy
iam_role_policy_attachment: ListAttachedRolePolicies | AttachRolePolicy DetachRolePolicy
kms_alias: ListAliases | CreateAlias UpdateAlias DeleteAlias
kms_key: DescribeKey GetKeyPolicy GetKeyRotationStatus ListResourceTags | CreateKey PutKeyPolicy EnableKeyRotation ScheduleKeyDeletion TagResource
lambda_function: GetFunction ListVersionsByFunction GetFunctionCodeSigningConfig kms:Decrypt | CreateFunction UpdateFunctionCode UpdateFunctionConfiguration DeleteFunction TagResource
lambda_permission: GetPolicy | AddPermission RemovePermission
logs_group: DescribeLogGroups ListTagsForResource | CreateLogGroup AssociateKmsKey PutRetentionPolicy DeleteLogGroup TagResource
logs_metric_filter: DescribeMetricFilters | PutMetricFilter DeleteMetricFilter
logs_query_definition: DescribeQueryDefinitions | PutQueryDefinition DeleteQueryDefinition
logs_resource_policy: DescribeResourcePolicies | PutResourcePolicy DeleteResourcePolicy
rds_cluster: DescribeDBClusters DescribeGlobalClusters ListTagsForResource | CreateDBCluster ModifyDBCluster DeleteDBCluster AddTagsToResource kms:CreateGrant
rds_cluster_instance: DescribeDBInstances DescribeDBClusters ListTagsForResource | CreateDBInstance ModifyDBInstance RebootDBInstance DeleteDBInstance AddTagsToResource
rds_cluster_parameter_group: DescribeDBClusterParameterGroups DescribeDBClusterParameters ListTagsForResource | CreateDBClusterParameterGroup ModifyDBClusterParameterGroup DeleteDBClusterParameterGroup AddTagsToResource
rds_parameter_group: DescribeDBParameterGroups DescribeDBParameters ListTagsForResource | CreateDBParameterGroup ModifyDBParameterGroup DeleteDBParameterGroup AddTagsToResource
rds_subnet_group: DescribeDBSubnetGroups ListTagsForResource | CreateDBSubnetGroup ModifyDBSubnetGroup DeleteDBSubnetGroup AddTagsToResource
route53_record: ListResourceRecordSets GetHostedZone GetChange | ChangeResourceRecordSets
s3_bucket: ListBucket GetBucketAcl GetBucketPolicy GetBucketTagging GetBucketVersioning GetLifecycleConfiguration GetEncryptionConfiguration GetAccelerateConfiguration GetReplicationConfiguration GetBucketObjectLockConfiguration GetBucketLogging GetBucketWebsite GetBucketCORS GetBucketRequestPayment GetBucketLocation | CreateBucket DeleteBucket PutBucketTagging DeleteObjectVersion ListBucketVersions
s3_bucket_lifecycle_configuration: ListBucket GetLifecycleConfiguration | PutLifecycleConfiguration
s3_bucket_logging: ListBucket GetBucketLogging | PutBucketLogging
s3_bucket_ownership_controls: ListBucket GetBucketOwnershipControls | PutBucketOwnershipControls
s3_bucket_policy: ListBucket GetBucketPolicy | PutBucketPolicy DeleteBucketPolicy
s3_bucket_public_access_block: ListBucket GetBucketPublicAccessBlock | PutBucketPublicAccessBlock
s3_bucket_server_side_encryption_configuration: ListBucket GetEncryptionConfiguration | PutEncryptionConfiguration
s3_bucket_versioning: ListBucket GetBucketVersioning | PutBucketVersioning
secretsmanager_secret: DescribeSecret GetResourcePolicy | CreateSecret UpdateSecret DeleteSecret TagResource
secretsmanager_secret_version: ListSecretVersionIds | PutSecretValue UpdateSecretVersionStage kms:GenerateDataKey kms:Decrypt
servicediscovery_http_namespace: GetNamespace GetOperation ListTagsForResource | CreateHttpNamespace UpdateHttpNamespace DeleteNamespace TagResource
sns_topic: GetTopicAttributes ListTagsForResource | CreateTopic SetTopicAttributes DeleteTopic TagResource
sns_topic_policy: GetTopicAttributes | SetTopicAttributes
sns_topic_subscription: GetSubscriptionAttributes | Subscribe SetSubscriptionAttributes Unsubscribe
sqs_queue: GetQueueAttributes ListQueueTags | CreateQueue SetQueueAttributes DeleteQueue TagQueue
sqs_queue_policy: GetQueueAttributes | SetQueueAttributes
ssm_parameter: GetParameter DescribeParameters ListTagsForResource | PutParameter DeleteParameter AddTagsToResource RemoveTagsFromResource
synthetics_canary: GetCanary | CreateCanary StartCanary StopCanary UpdateCanary DeleteCanary TagResource
wafv2_web_acl: GetWebACL ListTagsForResource | CreateWebACL UpdateWebACL DeleteWebACL TagResource
wafv2_web_acl_association: GetWebACLForResource | AssociateWebACL DisassociateWebACL elasticloadbalancing:SetWebACL
wafv2_web_acl_logging_configuration: GetLoggingConfiguration | PutLoggingConfiguration DeleteLoggingConfiguration logs:CreateLogDelivery logs:DeleteLogDelivery
"""  # noqa: E501 - a table; a line is a type

# Terraform's names where they differ from IAM's.
_RENAMED = {
    "aws_appautoscaling_": "application-autoscaling_",
    "aws_cloudwatch_event_": "events_",
    "aws_cloudwatch_log_": "logs_",
    "aws_cloudwatch_query_": "logs_query_",
    "aws_db_": "rds_",
    "aws_lb": "elasticloadbalancing_lb",
    "aws_service_discovery_": "servicediscovery_",
}
_EC2 = (
    "default_security_group", "eip", "flow_log", "internet_gateway", "nat_gateway", "route",
    "route_table", "route_table_association", "security_group", "subnet", "vpc", "vpc_endpoint",
    "vpc_security_group_egress_rule", "vpc_security_group_ingress_rule",
)  # fmt: skip


def _actions(service: str, words: str) -> frozenset[str]:
    return frozenset(word if ":" in word else f"{service}:{word}" for word in words.split())


READS: dict[str, frozenset[str]] = {}
WRITES: dict[str, frozenset[str]] = {}
for _line in _TABLE.strip().splitlines():
    _kind, _, _calls = _line.partition(": ")
    _reads, _, _writes = _calls.partition("|")
    READS[_kind] = _actions(_kind.partition("_")[0], _reads)
    WRITES[_kind] = _actions(_kind.partition("_")[0], _writes)


def kind(terraform_type: str) -> str:
    """The table's name of a type, such as `s3_bucket` for `aws_s3_bucket`."""
    name = terraform_type.removeprefix("aws_")
    if name in _EC2:
        return f"ec2_{name}"
    for beginning, renamed in _RENAMED.items():
        if terraform_type.startswith(beginning):
            return renamed + terraform_type.removeprefix(beginning)
    return name
