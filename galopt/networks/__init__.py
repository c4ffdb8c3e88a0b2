"""The Keras model: the view, the layers, the network, its loss, its predictions, what it costs."""
