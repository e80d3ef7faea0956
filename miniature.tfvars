# What only the miniature needs; bonkei.toml names this file after the environment's own. Do not upload it:
# on AWS the build would refuse the vendor's archive.

# Of the miniature's own archive (docs/pipelines.md, "Tools").
trivy = { sha256 = "eabd2ce9581062d2c4230c7df19bf947aa7aa6dc284e121aac375996403cd941" }
