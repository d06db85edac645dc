from .predict import predict as predict
