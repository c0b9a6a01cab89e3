"""The ways out, one folder each; stateless, and none knows which dialect a document came through."""
