mkdir -p dist
date > dist/page
echo once >> dist/builds
