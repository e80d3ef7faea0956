// Declarations in the form of the AWS provider's source, each after the name of its file.

// internal/types/func.SingleIdentity
func SingleIdentity(attribute IdentityAttribute, opts ...IdentityOptsFunc) Identity {
	identity := Identity{
		Attributes: []IdentityAttribute{StringIdentityAttribute("account_id", false), attribute},
	}
	for _, opt := range opts {
		opt(&identity)
	}
	return identity
}

// internal/types/func.StringIdentityAttribute
func StringIdentityAttribute(name string, required bool) IdentityAttribute {
	return IdentityAttribute{name: name, required: required}
}

// method.servicePackage.SDKResources
func (p *servicePackage) SDKResources(ctx context.Context) []*inttypes.ServicePackageSDKResource {
	return []*inttypes.ServicePackageSDKResource{
		{
			Factory:  resourceThing,
			TypeName: "aws_thing",
			Identity: inttypes.SingleIdentity(
				inttypes.StringIdentityAttribute(names.AttrName, true),
			),
		},
	}
}

// func.resourceThing
func resourceThing() *schema.Resource {
	return &schema.Resource{
		SchemaFunc: func() map[string]*schema.Schema {
			return map[string]*schema.Schema{
				names.AttrKMSKeyID: {Type: schema.TypeString, Optional: true, ForceNew: true},
				attrMode: {
					Type: schema.TypeString, Optional: true, Default: awstypes.LaunchTypeFargate,
					ValidateDiagFunc: enum.Validate[awstypes.LaunchType](),
					ConflictsWith: []string{"block.0.size"},
				},
				"block": blockSchema(3),
				"names": {
					Type: schema.TypeSet, Elem: &schema.Schema{
						Type: schema.TypeString,
						ValidateFunc: validation.StringInSlice([]string{"a", "b"}, true),
					},
				},
				"mine": {Type: schema.TypeString, ValidateFunc: validMine},
			}
		},
	}
}

// func.blockSchema
func blockSchema(most int) *schema.Schema {
	return &schema.Schema{
		Type: schema.TypeList, MaxItems: 1 * most, Elem: &schema.Resource{
			Schema: map[string]*schema.Schema{
				"size": {
					Type: schema.TypeInt, Sensitive: true, Deprecated: "use " + "length",
					ValidateFunc: validation.All(
						validation.IntBetween(1, 1<<4),
						validation.StringMatch(regexache.MustCompile(`^a+$`), "only a"),
					),
				},
			},
		},
	}
}

// func.validMine
func validMine(v any, k string) (ws []string) {
	return
}

// var.attrMode
	attrMode = "mode"

// method.servicePackage.FrameworkResources
func (p *servicePackage) FrameworkResources(ctx context.Context) []*inttypes.ServicePackage {
	return []*inttypes.ServicePackage{{Factory: newOtherResource, TypeName: "aws_other"}}
}

// func.newOtherResource
func newOtherResource(_ context.Context) (resource.ResourceWithConfigure, error) {
	r := &otherResource{}
	return r, nil
}

// type.otherResource
type otherResource struct {
	baseResource
}

// method.baseResource.Schema
func (r *baseResource) Schema(ctx context.Context, req R, response *resource.SchemaResponse) {
	s := schema.Schema{
		Attributes: map[string]schema.Attribute{
			names.AttrARN: framework.ARNAttributeComputedOnly(),
			"kind": schema.StringAttribute{
				CustomType: fwtypes.StringEnumType[awstypes.LaunchType](),
				PlanModifiers: []planmodifier.String{stringplanmodifier.RequiresReplace()},
			},
			"on": schema.BoolAttribute{Optional: true, Default: booldefault.StaticBool(true)},
			"left": schema.StringAttribute{
				Validators: []validator.String{
					stringvalidator.LengthBetween(1, 9),
					stringvalidator.ConflictsWith(path.MatchRoot("kind")),
				},
			},
		},
	}
	s.Blocks = map[string]schema.Block{
		"rule": schema.ListNestedBlock{
			Validators: []validator.List{listvalidator.SizeAtMost(2)},
			NestedObject: schema.NestedBlockObject{
				Attributes: map[string]schema.Attribute{
					"port": schema.Int64Attribute{
						Validators: []validator.Int64{int64validator.Between(0, 9)},
					},
				},
			},
		},
	}
	response.Schema = s
}
